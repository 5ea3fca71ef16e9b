import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDurableFolder } from './durable-folder.ts';

test('a folder is made with all that is missing above it, once or by several at the same time', async () => {
  const root = await mkdtemp(join(tmpdir(), 'holdfast-folder-'));
  const deep = join(root, 'a', 'b', 'c');
  await Promise.all(Array.from({ length: 4 }, () => makeDurableFolder(deep, 0o700)));
  await makeDurableFolder(deep, 0o700);
  for (const one of ['a', 'a/b', 'a/b/c']) assert.equal((await stat(join(root, one))).mode & 0o777, 0o700, one);
  await symlink(join(root, 'a'), join(root, 'link'));
  await makeDurableFolder(join(root, 'link', 'd'));
  assert.ok((await stat(join(root, 'a', 'd'))).isDirectory());
  await writeFile(join(root, 'file'), '');
  await assert.rejects(makeDurableFolder(join(root, 'file')), { code: 'EEXIST' });
  await assert.rejects(makeDurableFolder(join(root, 'file', 'below')), /EEXIST|ENOTDIR/);
  await rm(root, { recursive: true });
});

test('where a folder is there and takes none, that is said at once', { timeout: 10_000 }, async () => {
  await assert.rejects(makeDurableFolder('/proc/holdfast/below'), { code: 'ENOENT' });
});
