import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileCache } from '../catalog/file-cache.ts';
import type { CachedFile } from '../catalog/folder-record.ts';
import { CachedFolders, FolderCursor } from './cached-folders.ts';

const files = (count: number) => new Map(Array.from({ length: count }, (_, n) => [`${n}`, {} as CachedFile]));

/** Folders by their sizes, and which were decoded, in order. */
function counted(sizes: Readonly<Record<string, number>>) {
  const decoded: string[] = [];
  const get = (path: Uint8Array) => {
    const folder = Buffer.from(path).toString('latin1');
    decoded.push(folder);
    return files(sizes[folder] ?? 0);
  };
  return { folders: new CachedFolders({ get } as Partial<FileCache> as FileCache), decoded };
}

test('whoever follows another through the folders finds each decoded, also one larger than all that is kept', () => {
  const { folders, decoded } = counted({ a: 10, b: 20_000, c: 10 });
  const [first, second] = [new FolderCursor(folders), new FolderCursor(folders)];
  for (const folder of ['a', 'b', 'c']) for (const cursor of [first, second]) cursor.files(folder);
  assert.deepEqual(decoded, ['a', 'b', 'c']);
});

test('no more is kept than a few thousand files, but where one is on its way', () => {
  const { folders, decoded } = counted({ a: 10_000, b: 10_000 });
  for (const folder of ['a', 'b', 'b', 'a']) folders.get(folder);
  assert.deepEqual(decoded, ['a', 'b', 'a']);
});
