import assert from 'node:assert/strict';
import { chmod, link, lutimes, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { compareTrees } from './tree-comparison.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'holdfast-comparison-'));
  for (const name of ['a', 'b']) await grow(path.join(folder, name));
});
afterEach(() => rm(folder, { recursive: true }));

async function grow(root: string): Promise<void> {
  await mkdir(path.join(root, 'folder'), { recursive: true });
  await writeFile(path.join(root, 'folder/file'), 'x'.repeat(3_000_000));
  await writeFile(path.join(root, 'empty'), '');
  await link(path.join(root, 'empty'), path.join(root, 'second-name'));
  await symlink('folder/file', path.join(root, 'symlink'));
  await lutimes(path.join(root, 'symlink'), 1, 1);
  for (const name of ['folder/file', 'empty', 'folder']) await utimes(path.join(root, name), 1, 1);
}

const FUTURE = Date.now() + 1e9;

async function compare(since = FUTURE, excluded: (path: Buffer) => boolean = () => false) {
  const { differences, entries, bytes, changedSince } = await compareTrees({
    original: path.join(folder, 'a'),
    restored: path.join(folder, 'b'),
    excluded,
    since,
    owners: true,
    signal: new AbortController().signal,
  });
  return { found: differences.map((one) => `${one.path} ${one.what}`), entries, bytes, changedSince };
}

test('equal trees have no differences', async () => {
  const { found, entries, bytes } = await compare();
  assert.deepEqual(found, []);
  assert.equal(entries, 5);
  assert.equal(bytes, 3_000_000);
});

const spoils: [name: string, spoil: (root: string) => Promise<unknown>, expected: RegExp][] = [
  [
    'content',
    async (root) => {
      await writeFile(path.join(root, 'folder/file'), `${'x'.repeat(2_999_999)}y`);
      await utimes(path.join(root, 'folder/file'), 1, 1);
    },
    /^folder\/file content differs$/,
  ],
  ['mode', (root) => chmod(path.join(root, 'folder'), 0o700), /^folder mode was/],
  ['time', (root) => utimes(path.join(root, 'folder/file'), 1, 1.5), /^folder\/file time was/],
  ['time of a link', (root) => lutimes(path.join(root, 'symlink'), 1, 2), /^symlink time was/],
  [
    'target of a link',
    async (root) => {
      await rm(path.join(root, 'symlink'));
      await symlink('empty', path.join(root, 'symlink'));
      await lutimes(path.join(root, 'symlink'), 1, 1);
    },
    /^symlink links to something else$/,
  ],
  [
    'kind',
    async (root) => {
      await rm(path.join(root, 'symlink'));
      await writeFile(path.join(root, 'symlink'), '');
    },
    /^symlink was a symbolic link, came back as a file$/,
  ],
  [
    'hard link',
    async (root) => {
      await rm(path.join(root, 'second-name'));
      await writeFile(path.join(root, 'second-name'), '');
      await utimes(path.join(root, 'second-name'), 1, 1);
    },
    /^second-name is not one file with the same other names$/,
  ],
  ['missing', (root) => rm(path.join(root, 'empty')), /^empty was not restored$/],
  ['too much', (root) => writeFile(path.join(root, 'new'), ''), /^new is only in the restored tree$/],
];
for (const [name, spoil, expected] of spoils) {
  test(`a difference is found: ${name}`, async () => {
    await spoil(path.join(folder, 'b'));
    const { found } = await compare();
    assert.equal(found.filter((one) => expected.test(one)).length, 1, found.join('\n'));
  });
}

test('what changed in the original since the backup is no fault of the restore', async () => {
  await writeFile(path.join(folder, 'a/folder/file'), 'new');
  const { found, changedSince } = await compare(0);
  assert.deepEqual(found, []);
  assert.equal(changedSince, 1);
});

test('what was left out is not looked at', async () => {
  await writeFile(path.join(folder, 'a/dist'), '');
  assert.deepEqual((await compare(FUTURE, (one) => String(one) === 'dist')).found, []);
});
