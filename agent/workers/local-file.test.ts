import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CHANGED, findChunks, LocalFile, UNREADABLE } from './local-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-local-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const idKey = Buffer.alloc(32, 7);
const idOf = (chunk: Uint8Array) => createHmac('sha256', idKey).update(chunk).digest();

/** Five chunks of different lengths, one of them longer than what is read at a time. */
const chunks = [3000, 1, 2_500_000, 70_000, 512].map((length, i) =>
  Uint8Array.from({ length }, (_, at) => (at * 31 + i * 101 + (at >> 8)) & 0xff),
);
const refs = Buffer.concat(
  chunks.map((chunk) => {
    const ref = Buffer.alloc(36);
    idOf(chunk).copy(ref);
    ref.writeUInt32LE(chunk.length, 32);
    return ref;
  }),
);
const whole = Buffer.concat(chunks);
const begins = chunks.map((_, i) => chunks.slice(0, i).reduce((sum, { length }) => sum + length, 0));

function found(content: Uint8Array): number[] {
  const path = join(folder, 'file');
  writeFileSync(path, content);
  const { found } = findChunks({ path: Buffer.from(path), refs, position: 0, size: whole.length }, idKey, () => {});
  assert.ok('at' in found, JSON.stringify(found));
  assert.equal(found.size, content.length);
  return [...found.at];
}

test('chunks are found where they are, before and after what changed, whatever that did to the length', () => {
  assert.deepEqual(found(whole), begins);
  const overwritten = Buffer.from(whole);
  overwritten.write('changed', 3100);
  assert.deepEqual(found(overwritten), [0, 3000, -1, begins[3], begins[4]]);
  assert.deepEqual(found(Buffer.concat([whole, Buffer.from('more')])), begins);
  assert.deepEqual(found(whole.subarray(0, 3001)), [0, 3000, -1, -1, -1]);
  const inserted = Buffer.concat([whole.subarray(0, 3000), Buffer.from('a line more\n'), whole.subarray(3000)]);
  assert.deepEqual(found(inserted), [0, ...begins.slice(1).map((at) => at + 12)]);
  const removed = Buffer.concat([whole.subarray(0, 3100), whole.subarray(3200)]);
  assert.deepEqual(found(removed), [0, 3000, -1, ...begins.slice(3).map((at) => at - 100)]);
  assert.deepEqual(found(new Uint8Array(0)), [-1, -1, -1, -1, -1]);
});

test('what a piece is taken from is matched against its id again, and one that changed is not taken', () => {
  const path = join(folder, 'taken');
  writeFileSync(path, whole);
  const [id, length] = [idOf(chunks[0] as Uint8Array), 3000];
  {
    using file = new LocalFile(Buffer.from(path));
    assert.deepEqual(file.take({ local: 0, length, id }, idKey), chunks[0]);
    const beyond = file.take({ local: whole.length - 10, length, id }, idKey);
    assert.ok('code' in beyond && beyond.code === CHANGED);
    writeFileSync(path, 'x', { flag: 'r+' });
    const taken = file.take({ local: 0, length, id }, idKey);
    assert.ok('code' in taken && taken.code === CHANGED, 'what was read before it changed is not what is taken');
  }
});

test('holes are known for zeros without being read, however large they are', () => {
  const path = join(folder, 'holes');
  const length = 8 * 2 ** 20;
  const size = 2 ** 40; // more than could be read here
  writeFileSync(path, '');
  truncateSync(path, size);
  const file = openSync(path, 'r+');
  writeSync(file, 'not zeros', size / 2 + 5000);
  closeSync(file);
  const zeros = Buffer.alloc(36);
  idOf(new Uint8Array(length)).copy(zeros);
  zeros.writeUInt32LE(length, 32);
  const refs = Buffer.concat(Array.from({ length: size / length }, () => zeros));
  const { found } = findChunks({ path: Buffer.from(path), refs, position: 0, size }, idKey, () => {});
  assert.ok('at' in found);
  const expected = Float64Array.from({ length: size / length }, (_, i) => (i === size / length / 2 ? -1 : i * length));
  assert.deepEqual(found.at, expected);
});

test('neither a link nor a folder nor nothing is read', () => {
  const link = join(folder, 'link');
  symlinkSync('taken', link);
  for (const path of [link, folder, join(folder, 'nothing'), '/dev/null']) {
    const asked = { path: Buffer.from(path), refs, position: 0, size: whole.length };
    const { found } = findChunks(asked, idKey, () => {});
    assert.ok('code' in found && found.code === UNREADABLE, path);
  }
});
