import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fleet, FleetHost } from '../acceptance/fleet.ts';
import type { Given } from '../acceptance/machine.ts';
import { assertExit, documentOf } from '../acceptance/program.ts';
import { noise } from '../kit/samples.ts';
import type { Pause } from './pause-at-call.ts';
import { PRUNE_NOW, type Pruned } from './pruned-place.ts';

/** Bytes of what several hosts have, and of what one has alone. */
const [SHARED, OWN] = [150_000, 40_000];
/** "Something else is at work" (`holdfast --help`): the one failure that there may be. */
const BUSY = 75;
const MOST_TRIES = 20;

interface Ran {
  readonly verdict: string;
  readonly problems: readonly object[];
}

/** One host, and how many snapshots it has made. */
export interface Writer {
  readonly host: FleetHost;
  readonly number: number;
  runs: number;
}

/** Hosts of one domain that back up, forget and prune in processes of their own. */
export class Writers {
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
    const { runs } = await this.ask<{ runs: Ran[] }>(writer, ['run'], waits ? this.paused(writer) : {});
    for (const { verdict, problems } of runs) assert.deepEqual([verdict, problems], ['ok', []], host.name);
    writer.runs++;
    cpSync(host.data, this.taken(host.name, writer.runs), { recursive: true, preserveTimestamps: true });
  }

  /** With which a call waits right before its first snapshot, as long as its file is there. */
  paused(writer: Writer): { nodeArgs: string[]; env: Record<string, string> } {
    const pause: Pause = { call: 'link', of: '/snapshots/', nth: 1, file: this.pause(writer) };
    return {
      nodeArgs: ['--import', import.meta.resolve('./pause-at-call.ts')],
      env: { HOLDFAST_TEST_PAUSE: JSON.stringify(pause) },
    };
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
