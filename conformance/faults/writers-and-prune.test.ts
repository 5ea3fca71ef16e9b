/** Hosts of one shared domain back up at once, in processes of their own, while one of them prunes what they count on, again and again. */
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { generateKey } from 'openpgp';
import { assertSameContent } from '../acceptance/difference.ts';
import { Fleet } from '../acceptance/fleet.ts';
import { PASSPHRASE } from '../acceptance/machine.ts';
import { assertExit } from '../acceptance/program.ts';
import { MARK_ONLY, PRUNE_NOW } from './pruned-place.ts';
import { type Writer, Writers } from './writers.ts';

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

const MOST_PRUNES = 40;

interface Listed {
  readonly id: string;
  readonly host: string;
  readonly sequence: number;
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

test('a host that died in its run is waited for, until it is said that it is gone; when it comes back, it goes on', async () => {
  await using fleet = await Fleet.create(POLICY, key);
  const writers = await withGarbage(fleet, 2);
  const [first, second] = writers.all as [Writer, Writer];
  await writeFile(join(second.host.data, 'more'), 'content');
  // After its epoch and its session, and before anything else of it is put.
  const died = await second.host.call(['run'], {
    nodeArgs: ['--import', import.meta.resolve('./kills/dying.ts')],
    env: { HOLDFAST_TEST_DIE: 'main link 3 before' },
  });
  assert.equal(died.signal, 'SIGKILL', died.stderr);
  const waiting = await first.host.call(PRUNE_NOW);
  assertExit(waiting, 0);
  const said = (waiting.stderr + waiting.stdout).replace(/\s+/g, ' ');
  const [, host, code = ''] =
    /waits for the run that (\S+), writer \S+, began .* where that host is gone for good, `holdfast prune --gone (\S+)`/.exec(
      said,
    ) ?? [];
  assert.equal(host, second.host.name, said);
  assert.deepEqual(await writers.prune(first), { deleted: 0, waitedFor: 1 });
  const { deleted, waitedFor } = await writers.prune(first, [...PRUNE_NOW, '--gone', code]);
  assert.ok(deleted > 0 && waitedFor === 0, `${deleted} deleted, ${waitedFor} waited for`);
  const back = await second.host.call(['run']);
  assertExit(back, 0);
  assert.match(back.stderr + back.stdout, /SNAPSHOT_VOID/);
  assertExit(await fleet.operate(['verify', '--level', 'decrypt', '--key', fleet.key]), 0);
});

test('a host that is said to be gone while its run goes on: that run fails and says why, and the next one is whole', async () => {
  await using fleet = await Fleet.create(POLICY, key);
  const writers = await withGarbage(fleet, 2);
  const [first, second] = writers.all as [Writer, Writer];
  await writeFile(join(second.host.data, 'more'), 'content');
  const { code } = (await second.host.ask<{ writer: { code: string } }>(['init', '--join'])).writer;
  const file = writers.pause(second);
  const run = second.host.call(['run'], writers.paused(second));
  while (!existsSync(file)) await setTimeout(10);
  const { deleted, waitedFor } = await writers.prune(first, [...PRUNE_NOW, '--gone', code]);
  assert.ok(deleted > 0 && waitedFor === 0, `${deleted} deleted, ${waitedFor} waited for`);
  rmSync(file);
  const ended = await run;
  assertExit(ended, 1);
  assert.match(ended.stderr, /RUN_FENCED/);
  assertExit(await second.host.call(['run']), 0);
  assertExit(await fleet.operate(['verify', '--level', 'decrypt', '--key', fleet.key]), 0);
});

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
