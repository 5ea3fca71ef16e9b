import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Catalog } from '../catalog/catalog.ts';
import type { Stamp } from '../contract/index.ts';
import type { ChunkIndex } from '../repository/chunk-index.ts';
import { type Captured, TreeCache } from './tree-cache.ts';

const stateFolder = mkdtempSync(join(tmpdir(), 'holdfast-tree-cache-'));
const catalog = Catalog.open(stateFolder, assert.fail);
after(() => {
  catalog[Symbol.dispose]();
  rmSync(stateFolder, { recursive: true });
});

const [ROOT, OTHER] = [1, 2] as const;
const startedAt = new Date('2026-01-02T00:00:00Z');
const startedNs = BigInt(startedAt.getTime()) * 1_000_000n;
const stamp: Stamp = { size: 1, mtimeNs: 5n, ctimeNs: 6n, inode: 7n, device: 8n };
const plain: Captured = { stamp, plain: true, chunks: new Uint8Array(36), state: 'read' };
const path = Buffer.from('folder/file');

/** One that begins with what was committed for this source. Nothing here looks for chunks. */
function treeCache(source: string, onlooker: number = ROOT): TreeCache {
  const cache = catalog.fileCache({ domain: 'ab'.repeat(16), source, chunker: 'fixed' });
  return new TreeCache({ cache, index: {} as Partial<ChunkIndex> as ChunkIndex, startedAt, onlooker });
}

/** Whether a file is known as plain in the run after those in which it was recorded so. */
function knownAfter(source: string, recorded: readonly Captured[], asked: Stamp = stamp, onlooker?: number): boolean {
  for (const one of recorded) {
    const run = treeCache(source);
    run.record(path, one);
    run.commit();
  }
  return treeCache(source, onlooker).isPlain(path, asked);
}

test('a file is known as plain by its stamp, to whoever sees no less', () => {
  assert.equal(knownAfter('a', [plain]), true);
  assert.equal(knownAfter('a', [], stamp, OTHER), false);
  for (const field of ['size', 'mtimeNs', 'ctimeNs', 'inode', 'device'] as const)
    assert.equal(knownAfter('a', [], { ...stamp, [field]: field === 'size' ? 9 : 9n }), false, field);
});

test('what was not handed in as plain, or may have changed since it was looked at, is not known', () => {
  assert.equal(treeCache('b').isPlain(path, stamp), false);
  assert.equal(knownAfter('c', [{ ...plain, plain: false }]), false);
  const recent = { ...stamp, ctimeNs: startedNs - 1n };
  assert.equal(knownAfter('d', [{ ...plain, stamp: recent }], recent), false);
  assert.equal(knownAfter('e', [{ ...plain, state: 'unreliable' }]), false);
});

test('of an unchanged file it is kept as the last run found it', () => {
  const unchanged = { ...plain, state: 'unchanged' } as const;
  assert.equal(knownAfter('f', [{ ...plain, plain: false }, unchanged]), true);
  assert.equal(knownAfter('f', [{ ...unchanged, plain: false }]), false);
});
