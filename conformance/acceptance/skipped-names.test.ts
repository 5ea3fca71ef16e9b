/** What could not be read when a snapshot was made is not called removed by `diff` and `find`. */
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Machine } from './machine.ts';
import { assertExit, documentOf } from './program.ts';

/** One more than a snapshot names (SKIPPED_KEPT in agent/engine/snapshot-commit.ts). */
const MANY = 10_001;

let machine: Machine;
const kept = () => machine.place('kept');
const lost = () => machine.place('lost');
/** As the tree has it: with several paths it begins at the top of the host. */
const inTree = (path: string) => path.slice(1);

async function setPaths(paths: readonly string[]): Promise<void> {
  await machine.setPolicy({ paths: [...paths] });
  const text = await readFile(machine.policy, 'utf8');
  await writeFile(machine.policy, text.replace('exclude: []', 'onMissing: skip'));
}

interface Change {
  readonly path: string;
  readonly change: string;
}

before(async () => {
  machine = await Machine.create();
  await mkdir(lost());
  await mkdir(kept());
  for (const path of [kept(), lost()]) for (const name of ['letter', 'book']) await writeFile(`${path}/${name}`, name);
  await setPaths([kept(), lost()]);
  await machine.ask(['run']);
  await rm(lost(), { recursive: true });
  await rm(`${kept()}/letter`);
  assertExit(await machine.call(['run']), 3);
});
after(() => machine[Symbol.asyncDispose]());

test('diff: unknown is not removed, in words and in the document', async () => {
  const { changes, totals, to } = await machine.ask<{
    changes: Change[];
    totals: Record<string, { entries: number }>;
    to: { skipped: number; unnamed: number };
  }>(['diff', 'files']);
  const by = Map.groupBy(changes, ({ change }) => change);
  assert.deepEqual(
    by.get('removed')?.map(({ path }) => path),
    [inTree(`${kept()}/letter`)],
  );
  assert.deepEqual(
    by.get('unknown')?.map(({ path }) => path),
    ['', '/book', '/letter'].map((name) => inTree(`${lost()}${name}`)),
  );
  assert.deepEqual([totals.removed?.entries, totals.skipped?.entries, to.skipped, to.unnamed], [1, 3, 1, 0]);
  const { stdout, stderr } = await machine.call(['diff', 'files']);
  assert.match(stdout, /^\? \.{7} .* \S+\/lost\/letter$/m);
  assert.match(stdout, /^- \.{7} .* \S+\/kept\/letter$/m);
  assert.match(stdout, /1 removed \(6 B\), 3 unknown, skipped \(10 B\)/);
  assert.match(stderr, /is incomplete: when it was made, 1 thing could not be read$/m);
});

test('find: ? where a snapshot skipped it, and a search for nothing says which snapshots are incomplete', async () => {
  const found = await machine.call(['find', 'letter', '--json']);
  assertExit(found, 0);
  const { paths } = documentOf<{ paths: { path: string; versions: { change: string }[] }[] }>(found);
  assert.deepEqual(
    paths.map(({ path, versions }) => [path, ...versions.map(({ change }) => change)]),
    [
      [inTree(`${kept()}/letter`), 'added', 'removed'],
      [inTree(`${lost()}/letter`), 'added', 'unknown'],
    ],
  );
  const { stdout } = await machine.call(['find', '**/lost/letter']);
  assert.match(stdout, /^ {2}\? .* was skipped: could not be read when the snapshot was made$/m);
  const nothing = await machine.call(['find', 'nowhere']);
  assertExit(nothing, 64);
  assert.match(nothing.stderr, /nothing in 2 snapshots matches "nowhere"; 1 of them is incomplete/);
});

test('more was skipped than a snapshot names: then "removed" is said with a warning', async () => {
  await setPaths([kept(), ...Array.from({ length: MANY }, (_, n) => machine.place(`gone/${n}`))]);
  await rm(`${kept()}/book`);
  await writeFile(`${kept()}/other`, '');
  assertExit(await machine.call(['run']), 3);
  const compared = await machine.call(['diff', 'files']);
  assertExit(compared, 0);
  assert.match(compared.stdout, /^- .*\/kept\/book$/m);
  assert.match(compared.stderr, /10,?.?001 things could not be read; 1 of them it does not name/);
  const found = await machine.call(['find', 'book']);
  assert.match(found.stderr, /1 thing could not be read when snapshots were made, and no snapshot names them/);
});
