/** What is done once on a local target, and what lies there if the power goes after any of its calls. */
import { cpSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../kit/samples.ts';
import type { Offered } from '../sweep/faulty-target.ts';
import { SEED } from '../sweep/share.ts';
import type { SweepPlace } from '../sweep/sweep-place.fixture.ts';
import { CallRecorder } from './call-recorder.ts';
import { Disk } from './disk.ts';
import { losses } from './losses.ts';

/** The disk after a power cut, and what the host's own state was. */
export interface Cut {
  readonly name: string;
  readonly loss: string;
  /** Files below the folder of the target by path; folders, as undefined. */
  readonly found: ReadonlyMap<string, Buffer | undefined>;
  readonly stateFolder: string;
  /** How many of the calls had come to their end. */
  readonly after: number;
  /** Whether those were all, and somebody had been told how it ended. */
  readonly isOver: boolean;
}

export interface RecordedCuts<T> {
  /** Different ones only, in their order. */
  readonly states: readonly Cut[];
  readonly calls: number;
  readonly offered: readonly Offered[];
  /** What it said when it ended. */
  readonly told: T;
}

/** Does it once; `done` tells how many calls there were so far. */
export async function recordCuts<T>(
  place: SweepPlace,
  act: (done: () => number) => Promise<T>,
): Promise<RecordedCuts<T>> {
  await place.reset();
  const root = realpathSync(place.r.path(''));
  const disk = new Disk(root);
  const stateAt = (n: number) => join(place.r.folder, `state-at-${n}`);
  const copyState = (n: number) => cpSync(place.r.engine.stateFolder, stateAt(n), { recursive: true });
  let copies = 0;
  await using recorder = await CallRecorder.start(root, () => copyState(++copies));
  copyState(0);
  const told = await act(() => recorder.changes.length);
  const { changes } = recorder;
  const ways = losses(SEED);
  const states = new Map<string, Cut>();
  for (let after = 0; after <= changes.length; after++) {
    const [change] = changes.slice(after - 1, after);
    if (after > 0 && change !== undefined) disk.do(change);
    const isOver = after === changes.length;
    for (const loss of ways) {
      const found = disk.cut(loss);
      const name = `power cut after ${after} of ${changes.length} calls (${change?.kind}), ${loss.name}`;
      const cut = { name, loss: loss.name, found, stateFolder: stateAt(after), after, isOver };
      const same = digestOf(cut);
      if (!states.has(same)) states.set(same, cut);
    }
  }
  return { states: [...states.values()], calls: changes.length, offered: [...place.point.offered], told };
}

function digestOf({ found, isOver }: Cut): string {
  const objects = [...found].map(([path, bytes]) => [path, bytes === undefined ? '' : sha256(bytes)]);
  return sha256(Buffer.from(JSON.stringify([objects, isOver])));
}
