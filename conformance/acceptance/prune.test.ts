import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Machine, type MachineOptions } from './machine.ts';
import { assertExit } from './program.ts';

interface Amount {
  readonly count: number;
  readonly bytes: number;
}

interface Pruned {
  readonly targets: readonly {
    readonly target: string;
    readonly domains: readonly {
      readonly deleted: Amount;
      readonly marked: Amount;
      readonly next?: string;
      readonly repacked: Amount;
      readonly written: Amount;
      readonly snapshots: number;
      readonly unclaimed: Amount;
      readonly used: number;
      readonly unused: number;
      readonly keptAfterAll: number;
    }[];
  }[];
}

interface Ran {
  readonly runs: readonly { readonly totals: { readonly newBytes: number } }[];
}

const NOW = ['--undelete', '0s', '--grace', '0s', '--max-unused', '0%'];

/** Files that are written again have other times: the page that lists them is new. */
const PAGE = 4096;
/** Small chunks are gathered into frames of at most so many bytes. */
const FRAME = 1 << 20;

/** Bytes that do not compress, the same for the same name. */
function noise(name: string, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let n = 0; n * 32 < length; n++) parts.push(createHash('sha256').update(`${name} ${n}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

async function machineWith(o: MachineOptions = {}): Promise<Machine> {
  return Machine.create({ keep: { last: 1 }, ...o });
}

/** Backs up these files, and nothing else. */
async function backUp(machine: Machine, files: Readonly<Record<string, Buffer>>): Promise<number> {
  rmSync(machine.data, { recursive: true });
  mkdirSync(machine.data);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(machine.data, name), content);
  const { runs } = await machine.ask<Ran>(['run']);
  return runs.reduce((sum, { totals }) => sum + totals.newBytes, 0);
}

async function storedBytes(folder: string): Promise<number> {
  const entries = await readdir(join(folder, 'packs'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function assertRestores(machine: Machine, files: Readonly<Record<string, Buffer>>, place: string): Promise<void> {
  await machine.ask(['restore', 'files', '--into', machine.place(place)]);
  for (const [name, content] of Object.entries(files))
    assert.ok(readFileSync(machine.place(`${place}/${name}`)).equals(content), name);
}

const only = (pruned: Pruned) => {
  const [domain] = pruned.targets[0]?.domains ?? [];
  assert.ok(domain);
  return domain;
};

test('what was forgotten goes with its packs; what is needed of others moves; all that stays restores, and is not stored again', async () => {
  await using machine = await machineWith();
  const MiB = 1 << 20;
  const kept = { kept: noise('kept', 2 * MiB) };
  await backUp(machine, { ...kept, gone: noise('gone', 3 * MiB) });
  await backUp(machine, { ...kept, other: noise('other', 2 * MiB) });
  const last = { ...kept, last: noise('last', MiB) };
  await backUp(machine, last);
  const before = await storedBytes(machine.repository);
  assert.ok(before > 8 * MiB);
  assert.equal((await machine.ask<{ forgotten: number }>(['forget', '--yes'])).forgotten, 2);

  const planned = only(await machine.ask<Pruned>(['prune', '--dry-run', ...NOW]));
  assert.equal(await storedBytes(machine.repository), before, 'a plan changes nothing');
  const pruned = only(await machine.ask<Pruned>(['prune', '--yes', ...NOW]));
  assert.deepEqual([planned.marked, planned.repacked, planned.snapshots], [pruned.marked, pruned.repacked, 2]);
  assert.ok(pruned.repacked.count > 0 && pruned.marked.count > 0, JSON.stringify(pruned));
  assert.equal(pruned.deleted.count, pruned.marked.count + pruned.repacked.count);
  const after = await storedBytes(machine.repository);
  // Where a frame also holds the end of another file, that stays with it: frames move as they are.
  assert.ok(after < 3 * MiB + FRAME, `${after} bytes are left`);
  assert.equal((await machine.objects('snapshots')).size, 1);

  assertExit(await machine.call(['verify', '--level', 'decrypt']), 0);
  await assertRestores(machine, last, 'restored');
  assert.ok((await backUp(machine, last)) < PAGE);
  const again = only(await machine.ask<Pruned>(['prune', '--dry-run', ...NOW]));
  assert.deepEqual([again.marked.count, again.repacked.count, again.unused], [0, 0, 0]);
});

test('where nothing goes but sessions that ended nobody is asked; where a pack goes, somebody is', async () => {
  await using machine = await machineWith();
  await backUp(machine, { a: noise('a', 1 << 20) });
  await backUp(machine, { b: noise('b', 1 << 20) });
  assert.equal((await machine.objects('sessions')).size, 2);
  const ended = await machine.call(['prune']);
  assertExit(ended, 0);
  assert.match(ended.stderr, /0 packs deleted/);
  assert.equal((await machine.objects('sessions')).size, 0);
  await machine.ask(['forget', '--yes']);
  const before = await machine.objects('');
  const refused = await machine.call(['prune', ...NOW]);
  assertExit(refused, 64);
  assert.match(refused.stderr, /nobody to ask/);
  assert.deepEqual(await machine.objects(''), before);
});

test('within its time what was forgotten comes back whole, also from packs that were marked', async () => {
  await using machine = await machineWith();
  const first = { a: noise('a', 1 << 20) };
  await backUp(machine, first);
  const [{ id } = assert.fail()] = await machine.snapshots();
  await backUp(machine, { b: noise('b', 1 << 20) });
  await machine.ask(['forget', '--yes']);
  // By default it can be brought back for a week: nothing is even marked.
  assert.deepEqual(only(await machine.ask<Pruned>(['prune', '--yes'])).marked.count, 0);
  await machine.ask(['forget', '--undo', id]);
  await machine.ask(['prune', '--yes', ...NOW]);
  await machine.ask(['restore', 'files', '--at', id, '--into', machine.place('restored')]);
  assert.ok(readFileSync(machine.place('restored/a')).equals(first.a));
});

test('nothing is built on what is marked: it is stored anew, and what was marked goes', async () => {
  await using machine = await machineWith();
  const back = { a: noise('comes back', 1 << 20) };
  await backUp(machine, back);
  await backUp(machine, { b: noise('b', 1 << 20) });
  await machine.ask(['forget', '--yes']);
  const marked = only(await machine.ask<Pruned>(['prune', '--yes', '--undelete', '0s', '--grace', '1h']));
  assert.deepEqual([marked.marked.count, marked.deleted.count], [1, 0]);
  const wait = Date.parse(marked.next ?? '') - Date.now();
  assert.ok(wait > 0 && wait <= 3_600_000, `it can go from ${marked.next}`);
  assert.ok((await backUp(machine, back)) >= 1 << 20, 'it was found in a pack that is to go');
  const swept = only(await machine.ask<Pruned>(['prune', '--yes', '--undelete', '0s', '--grace', '0s']));
  assert.ok(swept.deleted.count >= 1, JSON.stringify(swept));
  assertExit(await machine.call(['verify', '--level', 'decrypt']), 0);
  await assertRestores(machine, back, 'restored');
});

test('each target is pruned by itself: packs differ afterwards, and a run stores nothing anew', async () => {
  await using machine = await machineWith({ moreTargets: ['second'] });
  const kept = { kept: noise('kept', 1 << 20) };
  await backUp(machine, { ...kept, gone: noise('gone', 1 << 20) });
  await backUp(machine, kept);
  await machine.ask(['forget', '--yes']);
  await machine.ask(['prune', '--yes', ...NOW]);
  const packs = async (folder: string) =>
    (await readdir(join(folder, 'packs'), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
  const [here, there] = [await packs(machine.repository), await packs(machine.place('second'))];
  assert.notDeepEqual(here.sort(), there.sort());
  assert.ok((await backUp(machine, kept)) < PAGE);
  const verified = await machine.call(['verify', '--level', 'decrypt']);
  assertExit(verified, 0);
  await assertRestores(machine, kept, 'restored');
});

test('a chain with a hole that nobody said, or a snapshot that cannot be read, keeps everything', async () => {
  await using machine = await machineWith();
  for (const name of ['a', 'b', 'c']) await backUp(machine, { [name]: noise(name, 1 << 16) });
  const keys = [...(await machine.objects('snapshots')).keys()].sort();
  const path = join(machine.repository, keys[1] as string);
  const bytes = readFileSync(path);
  rmSync(path);
  const before = await storedBytes(machine.repository);
  const holed = await machine.call(['prune', '--yes', ...NOW]);
  assertExit(holed, 1);
  assert.match(holed.stderr, /nothing is pruned: .*follows/);
  bytes[bytes.length - 9] = (bytes.at(-9) ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const damaged = await machine.call(['prune', '--yes', ...NOW]);
  assertExit(damaged, 1);
  assert.match(damaged.stderr, /cannot be read, and what it needs is not known/);
  assert.equal(await storedBytes(machine.repository), before);
});
