/** A run, as its host's own disk and its target's see it, and what lies on both if the power goes after any of its system calls. */
import assert from 'node:assert/strict';
import { readdirSync, realpathSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import { loadHostKeys } from '../../../agent/repository/keys/host-keys.ts';
import { sha256 } from '../../kit/samples.ts';
import type { Offered } from '../sweep/faulty-target.ts';
import { SEED } from '../sweep/share.ts';
import type { SweepPlace } from '../sweep/sweep-place.fixture.ts';
import { Disk, type Loss, layDown } from './disk.ts';
import { losses } from './losses.ts';
import { type CutState, isUnfinished } from './power-cut.fixture.ts';
import { RecordedCalls } from './recorded-calls.ts';
import { assertSeen } from './seen.ts';

type Files = ReadonlyMap<string, Buffer | undefined>;

/** Both disks after a power cut; the state folder lies in {@link CutState.stateFolder} once it is laid down. */
export interface HostCut extends CutState {
  /** Files below the state folder by path; folders, as undefined. */
  readonly state: Files;
  /** Whether anything on the target had changed. */
  readonly isBegun: boolean;
}

export interface HostRecorded {
  readonly states: readonly HostCut[];
  /** Calls that change the state folder, as `<kind> <path below it>`. */
  readonly calls: readonly string[];
  readonly offered: readonly Offered[];
}

/** What mapped memory holds: SQLite makes it anew when nobody has the file open. */
const isMapped = (path: string) => path.endsWith('-shm');

interface Act {
  /** Whether the process begins without a catalog. */
  readonly anew: boolean;
  /** Does it; gives the snapshots that somebody was told of. */
  act(): Promise<readonly string[]>;
}

/** Does it once, as a process of its own, and says what both disks can be after a cut of the power at any time. */
export async function recordHost(place: SweepPlace, o: Act): Promise<HostRecorded> {
  await place.reset();
  const { changes, told, toldAt, state, disks } = await record(place, o);
  const states = new Map<string, HostCut>();
  const ways = waysOf(losses(SEED));
  let isBegun = false;
  const take = (n: number, isTold: boolean) => {
    const acknowledged = [...place.taken.map(({ key }) => key), ...(isTold ? told : [])];
    for (const way of ways) {
      const name = `power cut after ${n} of ${changes.length} calls (${changes[n - 1]?.change.kind}), ${way.name}`;
      const common = { name, loss: way.name, stateFolder: join(place.r.folder, 'cut'), acknowledged, isBegun };
      const cut = { ...common, found: disks.target.cut(way.target), state: disks.state.cut(way.state) };
      const same = digestOf(cut);
      if (!states.has(same)) states.set(same, cut);
    }
  };
  take(0, false);
  for (const [i, { change, end }] of changes.entries()) {
    const disk = isBelow(change.path, state) ? 'state' : 'target';
    disks[disk].do(change);
    isBegun ||= disk === 'target';
    take(i + 1, end >= toldAt);
  }
  assertSeen(disks.state, state);
  const below = changes.filter(({ change }) => isBelow(change.path, state));
  const calls = below.map(({ change: { kind, path } }) => `${kind} ${path.slice(state.length + 1)}`);
  return { states: [...states.values()], calls, offered: [...place.point.offered] };
}

async function record(place: SweepPlace, { anew, act }: Act) {
  const target = realpathSync(place.r.path(''));
  const begun: { calls?: RecordedCalls; disks?: { target: Disk; state: Disk }; state?: string } = {};
  place.startFrom(join(place.r.folder, 'whole/state'), (copy) => {
    const state = realpathSync(copy);
    if (anew) for (const name of readdirSync(state)) if (name.startsWith('catalog')) rmSync(join(state, name));
    const calls = new RecordedCalls(join(place.r.folder, 'record'), [target, state]);
    Object.assign(begun, { state, calls, disks: { target: new Disk(target), state: new Disk(state) } });
  });
  const { calls, disks, state } = begun;
  assert.ok(calls !== undefined && disks !== undefined && state !== undefined);
  using _ = calls;
  const told = await act();
  const toldAt = calls.length;
  place.r.engine.catalog[Symbol.dispose]();
  return { changes: calls.changes(), told, toldAt, state, disks };
}

/** One disk for both, or two of which one loses nothing. */
function waysOf(all: readonly Loss[]): { readonly name: string; readonly target: Loss; readonly state: Loss }[] {
  const [lost, kept] = all;
  assert.ok(lost !== undefined && kept !== undefined);
  return [
    ...all.map((one) => ({ name: one.name, target: one, state: one })),
    { name: 'only the target loses what was not durable', target: lost, state: kept },
    { name: 'only the host loses what was not durable', target: kept, state: lost },
  ];
}

function digestOf({ found, state, acknowledged, isBegun }: HostCut): string {
  const listed = (files: Files, counts: (path: string) => boolean) =>
    [...files].flatMap(([path, bytes]) => (counts(path) ? [path, bytes === undefined ? '' : sha256(bytes)] : []));
  const objects = listed(found, (path) => !isUnfinished(path));
  const said = [acknowledged, isBegun];
  return sha256(Buffer.from(JSON.stringify([objects, listed(state, (path) => !isMapped(path)), said])));
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

/**
 * What must hold of every state folder: its keys can be read, its catalog opens as it is, knows of every run that did anything, remembers
 * each snapshot that somebody was told of and none that the target has not.
 */
export async function assertUsable(cut: HostCut, place: SweepPlace): Promise<void> {
  const warned = place.r.warnings.length;
  layDown(cut.stateFolder, cut.state);
  place.startFrom(cut.stateFolder);
  assert.deepEqual(place.r.warnings.slice(warned), []);
  const { stateFolder, catalog } = place.r.engine;
  assert.match((await loadHostKeys(stateFolder))?.writer ?? '', /^[0-9a-f]{32}$/);
  const count = catalog.runs.list(undefined, 99).length;
  assert.ok(count >= place.taken.length + (cut.isBegun ? 1 : 0), `it remembers only ${count} runs`);
  const remembered = catalog.runs.lastStored().map(({ key }) => key);
  const invented = remembered.filter((key) => cut.found.get(key) === undefined);
  assert.deepEqual(invented, [], 'it remembers what is not stored');
  const told = cut.acknowledged.slice(place.taken.length);
  assert.deepEqual(
    told.filter((key) => !remembered.includes(key)),
    [],
    'it forgot what it had stored',
  );
}
