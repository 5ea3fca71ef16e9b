import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Machine } from '../acceptance/machine.ts';
import { assertExit, type Child, documentOf, type Ended } from '../acceptance/program.ts';
import { noise } from '../kit/samples.ts';
import type { Pause } from './pause-at-call.ts';

/** Deletes at once what can go: no time to bring anything back, none between marking and deleting. */
export const PRUNE_NOW = ['prune', '--yes', '--undelete', '0s', '--grace', '0s', '--max-unused', '0%'];
/** Marks what can go, and leaves it there: the next one removes it. */
export const MARK_ONLY = PRUNE_NOW.with(PRUNE_NOW.indexOf('--grace') + 1, '1h');

export interface Pruned {
  readonly targets: readonly {
    readonly domains: readonly {
      readonly deleted: { readonly count: number };
      readonly marked: { readonly count: number };
      readonly waitingFor: readonly object[];
    }[];
  }[];
}

const LENGTH = 300_000;

/** Files by name, each with content of its own that follows from a number. */
export type Content = Readonly<Record<string, number>>;

/** What is backed up next: these files and no others. */
export function fill(machine: Machine, content: Content): void {
  rmSync(machine.data, { recursive: true });
  mkdirSync(machine.data);
  for (const [name, seed] of Object.entries(content)) writeFileSync(join(machine.data, name), noise(seed, LENGTH));
}

export async function backUp(machine: Machine, content: Content): Promise<void> {
  fill(machine, content);
  await machine.ask(['run']);
}

/** The latest snapshot is this, every object is sound, and what the snapshot needs can be opened. */
export async function assertHolds(machine: Machine, content: Content, place: string, at = 'latest'): Promise<void> {
  assertExit(await machine.call(['verify', '--level', 'decrypt']), 0);
  await machine.ask(['restore', 'files', '--at', at, '--into', machine.place(place)]);
  for (const [name, seed] of Object.entries(content)) {
    const restored = readFileSync(machine.place(`${place}/${name}`));
    assert.ok(restored.equals(noise(seed, LENGTH)), `${name} is not what was backed up`);
  }
  await rm(machine.place(place), { recursive: true });
}

/** A process that waits before one of its calls, until it is told to go on. */
export interface Paused {
  readonly child: Child;
  goOn(): Promise<Ended>;
}

export async function pauseAt(
  machine: Machine,
  args: readonly string[],
  where: Omit<Pause, 'file'>,
  name = 'paused',
): Promise<Paused> {
  const file = machine.place(name);
  const child = machine.start([...args, '--json'], {
    nodeArgs: ['--import', import.meta.resolve('./pause-at-call.ts')],
    env: { HOLDFAST_TEST_PAUSE: JSON.stringify({ ...where, file }) },
  });
  let ended: Ended | undefined;
  void child.ended.then((end) => {
    ended = end;
  });
  while (!existsSync(file)) {
    assert.equal(ended, undefined, `it ended before it came to ${where.call} ${where.of}: ${ended?.stderr}`);
    await setTimeout(10);
  }
  return {
    child,
    goOn: async () => {
      await rm(file);
      return child.ended;
    },
  };
}

export async function prune(machine: Machine): Promise<Pruned['targets'][number]['domains'][number]> {
  const ended = await machine.call([...PRUNE_NOW, '--json']);
  assertExit(ended, 0);
  const [domain] = documentOf<Pruned>(ended).targets[0]?.domains ?? [];
  assert.ok(domain, ended.stdout);
  return domain;
}
