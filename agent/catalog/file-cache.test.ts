import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { Catalog } from './catalog.ts';
import type { CachedFile } from './folder-record.ts';

const generation = { domain: 'ab'.repeat(16), source: 'files', chunker: 'fastcdc:{"target":1048576}' };
const folders = { src: Buffer.from('src'), raw: Buffer.from([0xff, 0x2f, 0x00, 0xe9]), root: Buffer.alloc(0) };

test('what was committed is found again, by raw bytes of the path', (t) => {
  const state = stateFolder(t);
  {
    using catalog = open(state);
    const cache = catalog.fileCache(generation);
    cache.replace(folders.raw, new Map([['\xff.ts', cached(1)]]));
    cache.replace(folders.root, new Map());
    assert.equal(cache.get(folders.raw), undefined, 'nothing counts before the commit');
    cache.commit(seen(folders.raw, folders.root));
  }
  using catalog = open(state);
  const cache = catalog.fileCache(generation);
  const file = cache.get(folders.raw)?.get('\xff.ts');
  assert.equal(file?.size, 1);
  assert.deepEqual(Buffer.from(file?.chunks ?? []), Buffer.alloc(36, 1));
  assert.equal(cache.get(folders.root)?.size, 0);
  assert.equal(cache.get(folders.src), undefined);
});

test('a commit forgets folders that were not seen and keeps the others', (t) => {
  using catalog = open(stateFolder(t));
  const cache = catalog.fileCache(generation);
  cache.replace(folders.src, new Map([['a', cached(1)]]));
  cache.replace(folders.raw, new Map([['b', cached(2)]]));
  cache.commit(seen(folders.src, folders.raw));
  cache.commit(seen(folders.src));
  assert.equal(cache.get(folders.src)?.get('a')?.size, 1);
  assert.equal(cache.get(folders.raw), undefined);
});

test('what is discarded never counts, and the same cache can go on', (t) => {
  using catalog = open(stateFolder(t));
  const cache = catalog.fileCache(generation);
  cache.replace(folders.src, new Map([['a', cached(1)]]));
  cache.discard();
  cache.commit(seen(folders.src));
  assert.equal(cache.get(folders.src), undefined);
  cache.replace(folders.src, new Map([['a', cached(2)]]));
  cache.replace(folders.src, new Map([['a', cached(3)]]));
  cache.commit(seen(folders.src));
  assert.equal(cache.get(folders.src)?.get('a')?.size, 3, 'the later replacement counts');
});

test('other chunker parameters, another source or domain know nothing', (t) => {
  using catalog = open(stateFolder(t));
  const cache = catalog.fileCache(generation);
  cache.replace(folders.src, new Map([['a', cached(1)]]));
  cache.commit(seen(folders.src));
  for (const other of [{ chunker: 'fixed' }, { source: 'x' }, { domain: 'cd'.repeat(16) }]) {
    const stranger = catalog.fileCache({ ...generation, ...other });
    assert.equal(stranger.get(folders.src), undefined);
    stranger.commit(new Set());
  }
  assert.equal(cache.get(folders.src)?.size, 1, 'and their commits forget nothing of it');
});

test('two sources may stage at the same time', (t) => {
  using catalog = open(stateFolder(t));
  const one = catalog.fileCache(generation);
  const two = catalog.fileCache({ ...generation, source: 'other' });
  one.replace(folders.src, new Map([['one', cached(1)]]));
  two.replace(folders.src, new Map([['two', cached(2)]]));
  one.commit(seen(folders.src));
  two.commit(seen(folders.src));
  assert.deepEqual([...(one.get(folders.src)?.keys() ?? [])], ['one']);
  assert.deepEqual([...(two.get(folders.src)?.keys() ?? [])], ['two']);
});

test('an unchanged folder is not written again', (t) => {
  const state = stateFolder(t);
  using catalog = open(state);
  const cache = catalog.fileCache(generation);
  const files = new Map([['a', cached(1)]]);
  cache.replace(folders.src, files);
  cache.commit(seen(folders.src));
  using other = new DatabaseSync(join(state, 'catalog.sqlite'));
  // Changes with every commit of another connection that wrote something, and only then.
  const version = () => other.prepare('PRAGMA data_version').get()?.data_version;
  const before = version();
  cache.replace(folders.src, files);
  cache.commit(seen(folders.src));
  assert.equal(version(), before);
  cache.replace(folders.src, new Map([['a', cached(2)]]));
  cache.commit(seen(folders.src));
  assert.notEqual(version(), before);
});

test('a damaged record counts as absent; its neighbours stay', (t) => {
  const state = stateFolder(t);
  using catalog = open(state);
  const cache = catalog.fileCache(generation);
  cache.replace(folders.src, new Map([['a', cached(1)]]));
  cache.replace(folders.raw, new Map([['b', cached(2)]]));
  cache.commit(seen(folders.src, folders.raw));
  using other = new DatabaseSync(join(state, 'catalog.sqlite'));
  other
    .prepare('UPDATE folder SET files = (SELECT files FROM folder WHERE path = ?) WHERE path = ?')
    .run(folders.raw, folders.src);
  assert.equal(cache.get(folders.src), undefined);
  assert.equal(cache.get(folders.raw)?.size, 1);
});

test('a generation that nothing used for two months is forgotten', (t) => {
  const state = stateFolder(t);
  const day = 86_400_000;
  let now = Date.UTC(2026, 0, 1);
  using catalog = Catalog.open(state, assert.fail, () => new Date(now));
  const old = catalog.fileCache({ ...generation, chunker: 'old' });
  old.replace(folders.src, new Map([['a', cached(1)]]));
  old.commit(seen(folders.src));
  now += 59 * day;
  catalog.fileCache(generation).commit(new Set());
  assert.equal(old.get(folders.src)?.size, 1);
  now += 2 * day;
  catalog.fileCache(generation).commit(new Set());
  assert.equal(old.get(folders.src), undefined);
});

function open(state: string): Catalog {
  return Catalog.open(state, assert.fail);
}

function cached(n: number): CachedFile {
  return { size: n, mtimeNs: BigInt(n), ctimeNs: 2n, inode: 3n, device: 4n, plainFor: 0, chunks: Buffer.alloc(36, n) };
}

function seen(...paths: Buffer[]): Set<string> {
  return new Set(paths.map((path) => path.toString('latin1')));
}

function stateFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-cache-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}
