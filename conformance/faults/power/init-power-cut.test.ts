import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { looksUnfinished } from 'holdfast/plugin';
import { Machine } from '../../acceptance/machine.ts';
import { assertExit } from '../../acceptance/program.ts';
import { noise, sha256 } from '../../kit/samples.ts';
import { compileLibrary, withoutCompiler } from '../shared-library.ts';
import { SEED, shareOf } from '../sweep/share.ts';
import { Tally } from '../sweep/tally.ts';
import { Disk, layDown } from './disk.ts';
import { losses, NOTHING_LOST } from './losses.ts';
import { RecordedCalls } from './recorded-calls.ts';
import { assertSeen } from './seen.ts';

/** Of the states, how many the program is started in where nothing else is asked for; all are looked at. */
const SHARE = 0.01;
const INIT = ['init', '--yes', '--protect', 'data'];
/** Nobody gives a passphrase: then it is made, and must not be lost either. */
const UNGIVEN = { HOLDFAST_PASSPHRASE: '' };
/** What goes with the process that held it. */
const isPassing = (path: string) => /(^|\/)(locks|tmp)(\/|$)|\.lock$/.test(path) || looksUnfinished(path);

/** Of these it counts that they are there. */
const isOnlyNamed = (path: string) => path.startsWith('state/places/');
const NAMING: ReadonlySet<string> = new Set(['create', 'link', 'rename']);

type Files = ReadonlyMap<string, Buffer | undefined>;

/** What is to stay, in the order in which it got its name, with the SHA-256 of all that it was under it. */
type Made = Map<string, Set<string>>;

interface Cut {
  readonly name: string;
  readonly loss: string;
  readonly found: Files;
  /** Whether `init` had ended well. */
  readonly isOver: boolean;
}

test('the power goes at any time of init: what it made is whole, in its order, and it goes on', {
  skip: withoutCompiler,
}, async (t) => {
  await using machine = await Machine.prepare();
  writeFileSync(join(machine.data, 'file'), noise(1, 20_000));
  const tally = new Tally('power cuts of init');
  const { states, calls, made } = await recordInit(machine);
  tally.cases = states.length;
  t.diagnostic(
    `${calls} calls that change the disk; ${states.length} states; made in this order: ${[...made.keys()].join(', ')}`,
  );
  for (const state of states) await tally.hold(state.name, () => assertInOrder(state, made));
  for (const state of shareOf(states, SHARE, ({ loss }) => loss)) {
    tally.fault(`power cut of init: ${state.loss}`);
    await tally.hold(state.name, () => assertSetsUp(state, machine, tally));
  }
  for (const line of tally.close()) t.diagnostic(line);
  assert.deepEqual(tally.breaches, []);
  assert.deepEqual([tally.snapshotsLost, tally.wrongBytes], [0, 0]);
  assert.ok(calls > 60 && states.length > 40 && made.size > 8 && tally.faults >= 4, 'hardly anything was tried');
});

/** Does it once, in a process whose system calls are recorded, and says what the disk can be after a cut of the power at any time. */
async function recordInit(machine: Machine) {
  const aside = mkdtempSync(join(tmpdir(), 'holdfast-recording-'));
  try {
    const library = compileLibrary(new URL('./recording-calls.c', import.meta.url), aside);
    const root = realpathSync(machine.folder);
    const disk = new Disk(root);
    using recorded = new RecordedCalls(join(aside, 'record'), [root]);
    const ended = await machine.call(INIT, { env: { ...UNGIVEN, ...recorded.environment, LD_PRELOAD: library } });
    assertExit(ended, 0);
    const changes = recorded.changes().map(({ change }) => change);
    const states = new Map<string, Cut>();
    const ways = losses(SEED);
    const take = (n: number) => {
      for (const loss of ways) {
        const name = `power cut after ${n} of ${changes.length} calls (${changes[n - 1]?.kind}), ${loss.name}`;
        const cut = { name, loss: loss.name, found: disk.cut(loss), isOver: n === changes.length };
        const same = digestOf(cut);
        if (!states.has(same)) states.set(same, cut);
      }
    };
    const made: Made = new Map();
    take(0);
    for (const [i, change] of changes.entries()) {
      disk.do(change);
      if (NAMING.has(change.kind)) note(made, disk.cut(NOTHING_LOST), change.path.slice(root.length + 1));
      take(i + 1);
    }
    assertSeen(disk, root);
    const end = disk.cut(NOTHING_LOST);
    for (const path of made.keys()) if (!end.has(path)) made.delete(path);
    return { states: [...states.values()], calls: changes.length, made };
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function note(made: Made, now: Files, path: string): void {
  const bytes = now.get(path);
  if (bytes !== undefined && !isPassing(path)) made.set(path, (made.get(path) ?? new Set()).add(sha256(bytes)));
}

function digestOf({ found, isOver }: Cut): string {
  const files = [...found].map(([path, bytes]) => [path, bytes === undefined ? '' : sha256(bytes)]);
  return sha256(Buffer.from(JSON.stringify([files, isOver])));
}

/**
 * Each thing is there whole or not at all, and only with all that was made before it: a policy without the keys that it names, a key without
 * its passphrase, or a writer of which no host has the keys would be found by nobody until it matters. What somebody was told of is there.
 */
function assertInOrder({ found, isOver }: Cut, made: Made): void {
  const torn = [...made].filter(([path, versions]) => {
    const bytes = found.get(path);
    return bytes !== undefined && !isOnlyNamed(path) && !versions.has(sha256(bytes));
  });
  assert.deepEqual(
    torn.map(([path]) => path),
    [],
    'not as it was ever made',
  );
  const names = [...made.keys()];
  const there = names.filter((path) => found.has(path));
  assert.deepEqual(there, names.slice(0, there.length), 'there without what was made before it');
  if (isOver) assert.deepEqual(there, names, 'lost, though somebody had been told of it');
}

/** `init` is said again, and then backs up and restores. */
async function assertSetsUp({ found }: Cut, machine: Machine, tally: Tally): Promise<void> {
  layDown(machine.folder, found);
  for (const args of [INIT, ['run']]) assertExit(await machine.call(args, { env: UNGIVEN }), 0);
  const restored = machine.place('restored');
  const ended = await machine.call(['restore', 'files', '--into', restored], { env: UNGIVEN });
  if (ended.exit !== 0) tally.snapshotsLost++;
  assertExit(ended, 0);
  const [original, copy] = [join(machine.data, 'file'), join(restored, 'file')].map((file) =>
    sha256(readFileSync(file)),
  );
  if (original !== copy) tally.wrongBytes++;
  assert.equal(copy, original);
}
