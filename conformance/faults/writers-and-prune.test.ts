/** Hosts of one shared domain back up at once, in processes of their own, while one of them prunes what they count on, again and again. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { generateKey } from 'openpgp';
import { assertSameContent } from '../acceptance/difference.ts';
import { Fleet, type FleetHost } from '../acceptance/fleet.ts';
import { type Given, PASSPHRASE } from '../acceptance/machine.ts';
import { assertExit, documentOf } from '../acceptance/program.ts';
import { noise } from '../kit/samples.ts';
import type { Pause } from './pause-at-call.ts';
import { MARK_ONLY, PRUNE_NOW, type Pruned } from './pruned-place.ts';

/** The operator's. It is unlocked many times here, so its passphrase is one that costs little to try. */
const key = await generateKey({
  userIDs: { name: 'operator' },
  passphrase: PASSPHRASE,
  type: 'ecc',
  curve: 'curve25519Legacy',
  format: 'armored',
  date: new Date(Date.now() - 60_000),
  config: { s2kIterationCountByte: 96 },
});

const POLICY = `retention: { common: { keep: { last: 1 } } }
jobs: { common: { source: files, targets: [local], retention: common } }
domains: { together: { hosts: ["db-*"], retention: [common] } }
limits: { workers: 1 }
`;

/** Bytes of what several hosts have, and of what one has alone. */
const [SHARED, OWN] = [150_000, 40_000];
/** "Something else is at work" (`holdfast --help`): the one failure that there may be. */
const BUSY = 75;
const MOST_TRIES = 20;
const MOST_PRUNES = 40;

interface Listed {
  readonly id: string;
  readonly host: string;
  readonly sequence: number;
}

interface Ran {
  readonly verdict: string;
  readonly problems: readonly object[];
}

interface Writer {
  readonly host: FleetHost;
  readonly number: number;
  runs: number;
}

class Writers {
  readonly fleet: Fleet;
  readonly all: Writer[] = [];
  /** How often somebody was told to try again later. */
  busy = 0;

  constructor(fleet: Fleet) {
    this.fleet = fleet;
  }

  /** What the n-th snapshot of a host holds. */
  taken(host: string, n: number): string {
    return this.fleet.place(`taken/${host}-${n}`);
  }

  /** Tries it until nothing else is at work. */
  async ask<T>({ host }: Writer, args: readonly string[], given: Given = {}): Promise<T> {
    for (let tries = 1; ; tries++) {
      const ended = await host.call([...args, '--json'], given);
      if (ended.exit !== BUSY || tries === MOST_TRIES) {
        assertExit(ended, 0);
        return documentOf<T>(ended);
      }
      this.busy++;
    }
  }

  /** The file that is there while a run of this host waits. */
  pause({ host }: Writer): string {
    return this.fleet.place(`paused-${host.name}`);
  }

  /** Backs up these shared blocks, and something that nobody else has. `waits`: right before its snapshot, until it is let go on. */
  async backUp(writer: Writer, blocks: readonly number[], waits = false): Promise<void> {
    const { host, number } = writer;
    rmSync(host.data, { recursive: true, force: true });
    mkdirSync(host.data, { recursive: true });
    for (const block of blocks) writeFileSync(join(host.data, `block ${block}`), noise(500 + block, SHARED));
    writeFileSync(join(host.data, 'own'), noise(1000 + 50 * number + writer.runs, OWN));
    const pause: Pause = { call: 'link', of: '/snapshots/', nth: 1, file: this.pause(writer) };
    const given = {
      nodeArgs: ['--import', import.meta.resolve('./pause-at-call.ts')],
      env: { HOLDFAST_TEST_PAUSE: JSON.stringify(pause) },
    };
    const { runs } = await this.ask<{ runs: Ran[] }>(writer, ['run'], waits ? given : {});
    for (const { verdict, problems } of runs) assert.deepEqual([verdict, problems], ['ok', []], host.name);
    writer.runs++;
    cpSync(host.data, this.taken(host.name, writer.runs), { recursive: true, preserveTimestamps: true });
  }

  async forget(writer: Writer): Promise<void> {
    await this.ask(writer, ['forget', '--yes']);
  }

  /** How many packs it deleted, and for how many runs it waited. */
  async prune(writer: Writer, args = PRUNE_NOW): Promise<{ deleted: number; waitedFor: number }> {
    const { targets } = await this.ask<Pruned>(writer, args);
    const [domain] = targets[0]?.domains ?? [];
    return { deleted: domain?.deleted.count ?? 0, waitedFor: domain?.waitingFor.length ?? 0 };
  }

  async approve(writers: readonly Writer[], ...words: string[]): Promise<void> {
    const codes: string[] = [];
    for (const { host } of writers)
      codes.push((await host.ask<{ writer: { code: string } }>(['init', ...words])).writer.code);
    await this.fleet.askOperator(['keys', 'approve', ...codes, '--yes', '--key', this.fleet.key]);
  }
}

/** Hosts of one domain, the first of which has wanted all blocks that there are and wants them no more. */
async function withGarbage(fleet: Fleet, count: number): Promise<Writers> {
  const writers = new Writers(fleet);
  for (let number = 0; number < count; number++)
    writers.all.push({ host: await fleet.host(`db-${number + 1}`), number, runs: 0 });
  const [first, ...others] = writers.all as [Writer, ...Writer[]];
  await writers.approve([first]);
  await writers.backUp(
    first,
    writers.all.map(({ number }) => number),
  );
  await writers.approve(others, '--join');
  await writers.backUp(first, []);
  await writers.forget(first);
  return writers;
}

/**
 * Until all others have ended: how many packs each pruning deleted. It begins when a run waits, while others are wherever they are; who
 * waits goes on when a whole pruning has come between: so each run has met at least one.
 */
async function pruneMeanwhile(writers: Writers, others: Promise<unknown>): Promise<number[]> {
  const state = { isOver: false };
  const over = () => {
    state.isOver = true;
  };
  void others.then(over, over);
  const deleted: number[] = [];
  while (!state.isOver) {
    assert.ok(deleted.length < MOST_PRUNES, 'the runs do not end');
    const waiting = writers.all.map((writer) => writers.pause(writer)).filter((file) => existsSync(file));
    if (waiting.length === 0) {
      await setTimeout(10);
      continue;
    }
    deleted.push((await writers.prune(writers.all[0] as Writer)).deleted);
    for (const file of waiting) rmSync(file);
  }
  return deleted;
}

/** `marked`: whether what goes was marked before they begin, so that it can go while they are at work. */
for (const { count, rounds, marked } of [
  { count: 2, rounds: 2, marked: false },
  { count: 8, rounds: 1, marked: true },
]) {
  test(`${count} hosts back up while one of them prunes again and again: every snapshot that is kept restores`, async (t) => {
    await using fleet = await Fleet.create(POLICY, key);
    const writers = await withGarbage(fleet, count);
    if (marked) await writers.prune(writers.all[0] as Writer, MARK_ONLY);
    const deleted: number[] = [];
    for (let round = 0; round < rounds; round++) {
      if (round > 0) await Promise.all(writers.all.map((writer) => writers.forget(writer)));
      const blocksOf = ({ number }: Writer) => [0, 1].map((more) => (number + round + more) % count);
      const others = Promise.all(writers.all.map((writer) => writers.backUp(writer, blocksOf(writer), true)));
      const [meanwhile] = await Promise.all([pruneMeanwhile(writers, others), others]);
      deleted.push(...meanwhile);
    }
    const last = await writers.prune(writers.all[0] as Writer);
    t.diagnostic(
      `${deleted.length} prunings meanwhile deleted ${deleted} packs, a last one ${last.deleted}; busy: ${writers.busy}`,
    );
    assert.ok(
      [...deleted, last.deleted].some((one) => one > 0),
      'nothing was pruned',
    );
    assert.equal(last.waitedFor, 0, 'nobody is at work any more');
    await assertAllRestore(writers, count);
  });
}

async function assertAllRestore(writers: Writers, count: number): Promise<void> {
  const { fleet } = writers;
  const verified = await fleet.operate(['verify', '--level', 'decrypt', '--key', fleet.key]);
  assertExit(verified, 0);
  const { snapshots } = await fleet.askOperator<{ snapshots: Listed[] }>(['snapshots']);
  assert.equal(new Set(snapshots.map(({ host }) => host)).size, count, 'a host has no snapshot');
  for (const { host, runs } of writers.all)
    assert.ok(
      snapshots.some((one) => one.host === host.name && one.sequence === runs),
      `${host.name}: its latest snapshot is gone`,
    );
  for (const { id, host, sequence } of snapshots) {
    const into = fleet.place(`restored-${id}`);
    assertExit(await fleet.operate(['restore', 'files', '--at', id, '--into', into, '--key', fleet.key]), 0);
    assertSameContent(writers.taken(host, sequence), into);
  }
}
