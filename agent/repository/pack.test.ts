import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import test from 'node:test';
import { flippedBits, truncations } from './damage-cases.ts';
import { createBirth, openBirth, openFrame, sealFrame } from './frame.ts';
import { generateKeyPair } from './keys/hpke.ts';
import { checkHeader } from './object.ts';
import { openTable, type PackTable, PackWriter, parseTrailer, TRAILER_BYTES } from './pack.ts';
import { refusal } from './refusal.ts';

const domain = randomBytes(16);
const indexKey = randomBytes(32);
const epoch = generateKeyPair();
const key = 'packs/d/n';

interface PlainFrame {
  readonly texts: readonly string[];
}

function chunksOf(texts: readonly string[]) {
  const ids = Buffer.concat(texts.map((text) => createHash('sha256').update(text).digest()));
  return { ids, lengths: Uint32Array.from(texts, (text) => text.length) };
}

function buildPack(frames: readonly PlainFrame[], buffer = new ArrayBuffer(1 << 20)) {
  const writer = new PackWriter({ domain, indexKey, buffer });
  const { birth, frameKey } = createBirth({ domain, epoch: randomBytes(16), epochPublicKey: epoch.publicKey });
  const index = writer.addBirth(birth);
  frames.forEach(({ texts }, ordinal) => {
    const chunks = chunksOf(texts);
    const encoded = Buffer.from(texts.join(''));
    const frame = { domain, salt: birth.salt, ordinal, codec: 0, plainLength: encoded.length, chunks };
    writer.append({ ...frame, birth: index, sealed: sealFrame(frameKey, { ...frame, encoded }) });
  });
  return writer.seal();
}

function readPack(bytes: Uint8Array): string[] {
  checkHeader(bytes, 'pack', key);
  const trailer = parseTrailer(bytes.subarray(-TRAILER_BYTES), key, bytes.length);
  const { tableOffset, tableLength } = trailer;
  const sealed = bytes.subarray(tableOffset, tableOffset + tableLength);
  const table = openTable(indexKey, domain, trailer, sealed, key);
  const keys = table.births.map((birth) => openBirth(birth, domain, epoch.privateKey));
  return table.frames.map((_, i) => Buffer.from(readFrame(bytes, table, i, keys)).toString());
}

function readFrame(bytes: Uint8Array, table: PackTable, index: number, keys: readonly Uint8Array[]): Uint8Array {
  const frame = table.frames[index];
  const birth = table.births[frame?.birth ?? -1];
  const frameKey = keys[frame?.birth ?? -1];
  assert.ok(frame && birth && frameKey);
  const { firstChunk: first, chunkCount } = frame;
  const ids = table.ids.subarray(first * 32, (first + chunkCount) * 32);
  const chunks = { ids, lengths: table.lengths.subarray(first, first + chunkCount) };
  const sealed = bytes.subarray(frame.offset, frame.offset + frame.sealedLength);
  return openFrame(frameKey, { ...frame, domain, salt: birth.salt, chunks, sealed });
}

const small = [{ texts: ['alpha', 'beta'] }, { texts: ['gamma'] }];

test('a pack is read back from its end', () => {
  const pack = buildPack(small);
  assert.deepEqual(readPack(pack.bytes), ['alphabeta', 'gamma']);
  assert.equal(pack.name, createHash('sha256').update(pack.bytes).digest('hex'));
});

test('a pack without a frame, and one of thousands of chunks', () => {
  assert.deepEqual(readPack(buildPack([]).bytes), []);
  const many = Array.from({ length: 40 }, (_, f) => ({ texts: Array.from({ length: 100 }, (_, c) => `${f}/${c}`) }));
  const expected = many.map(({ texts }) => texts.join(''));
  assert.deepEqual(readPack(buildPack(many).bytes), expected);
});

test('another index key and another epoch key are told from damage', () => {
  const { bytes } = buildPack(small);
  const trailer = parseTrailer(bytes, key);
  const sealed = bytes.slice(trailer.tableOffset, trailer.tableOffset + trailer.tableLength);
  const open = (k: Uint8Array, d: Uint8Array) => openTable(k, d, trailer, sealed, key);
  assert.throws(() => open(randomBytes(32), domain), refusal('WRONG_KEY'));
  assert.throws(() => open(indexKey, randomBytes(16)), refusal('TABLE_DAMAGED'));
  const [birth] = open(indexKey, domain).births;
  assert.ok(birth);
  assert.throws(() => openBirth(birth, domain, generateKeyPair().privateKey), refusal('WRONG_KEY'));
  assert.throws(() => openBirth(birth, randomBytes(16), epoch.privateKey), refusal('WRONG_KEY'));
  const other = { ...birth, commitment: randomBytes(32) };
  assert.throws(() => openBirth(other, domain, epoch.privateKey), refusal('WRONG_KEY'));
  // Damage to the key check or the salt does not pass for another key.
  for (const at of [0, 31, 32, 39]) {
    const damaged = sealed.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 0x80;
    assert.throws(() => openTable(indexKey, domain, trailer, damaged, key), refusal('TABLE_DAMAGED'));
  }
});

test('a frame opens only in its own context', () => {
  const { birth, frameKey } = createBirth({ domain, epoch: randomBytes(16), epochPublicKey: epoch.publicKey });
  const chunks = chunksOf(['alpha', 'beta']);
  const o = { domain, salt: birth.salt, ordinal: 7, codec: 1, plainLength: 9, chunks };
  const sealed = sealFrame(frameKey, { ...o, encoded: Buffer.from('encoded') });
  assert.equal(Buffer.from(openFrame(frameKey, { ...o, sealed })).toString(), 'encoded');
  const others = [
    { domain: randomBytes(16) },
    { salt: randomBytes(32) },
    { ordinal: 8 },
    { codec: 2 },
    { plainLength: 10 },
    { chunks: chunksOf(['beta', 'alpha']) },
    { chunks: { ids: chunks.ids, lengths: Uint32Array.of(4, 5) } },
    { sealed: sealed.subarray(1) },
    { sealed: new Uint8Array() },
  ];
  for (const other of others) {
    assert.throws(() => openFrame(frameKey, { ...o, sealed, ...other }), refusal('FRAME_DAMAGED'));
  }
});

test('an ordinal that runs over is refused: it would be a nonce used twice', () => {
  const { birth, frameKey } = createBirth({ domain, epoch: randomBytes(16), epochPublicKey: epoch.publicKey });
  const o = { domain, salt: birth.salt, codec: 0, plainLength: 1, chunks: chunksOf(['a']), encoded: Buffer.from('a') };
  for (const ordinal of [-1, 2 ** 32, 0.5, Number.NaN]) {
    assert.throws(() => sealFrame(frameKey, { ...o, ordinal }), RangeError);
  }
});

test('frames move to another pack without a key, and births are kept once', () => {
  const first = buildPack(small);
  const trailer = parseTrailer(first.bytes, key);
  const table = openTable(indexKey, domain, trailer, first.bytes.subarray(trailer.tableOffset, -TRAILER_BYTES), key);
  const [birth] = table.births;
  const frame = table.frames[1];
  assert.ok(birth && frame);
  const writer = new PackWriter({ domain, indexKey, buffer: new ArrayBuffer(1 << 16) });
  assert.equal(writer.addBirth(birth), 0);
  assert.equal(writer.addBirth({ ...birth }), 0);
  const sealed = first.bytes.subarray(frame.offset, frame.offset + frame.sealedLength);
  writer.append({ ...frame, birth: 0, chunks: chunksOf(['gamma']), sealed });
  assert.equal(writer.frameCount, 1);
  assert.deepEqual(readPack(writer.seal().bytes), ['gamma']);
});

test('what fits can be sealed, to the last byte; what does not is refused', () => {
  const buffer = new ArrayBuffer(4096);
  const writer = new PackWriter({ domain, indexKey, buffer });
  const { birth } = createBirth({ domain, epoch: randomBytes(16), epochPublicKey: epoch.publicKey });
  let length = 4096;
  while (!writer.fits(length, 3)) length--;
  const chunks = chunksOf(['a', 'b', 'c']);
  const frame = { birth: writer.addBirth(birth), ordinal: 0, codec: 0, plainLength: 3, chunks };
  assert.throws(() => writer.append({ ...frame, sealed: randomBytes(length + 1) }), refusal('PACK_MISUSED'));
  writer.append({ ...frame, sealed: randomBytes(length) });
  assert.equal(writer.fits(17, 1), false);
  assert.throws(() => writer.append({ ...frame, ordinal: 1, sealed: randomBytes(17) }), refusal('PACK_MISUSED'));
  assert.equal(writer.seal().bytes.length, 4096);
});

const damageCodes = ['PACK_DAMAGED', 'TABLE_DAMAGED', 'FRAME_DAMAGED', 'OBJECT_DAMAGED', 'FORMAT_NEWER', 'WRONG_KEY'];

test('a pack cut at any length is refused', () => {
  for (const { what, bytes } of truncations(buildPack(small).bytes)) {
    assert.throws(() => readPack(bytes), refusal('PACK_DAMAGED', 'OBJECT_DAMAGED'), what);
  }
});

test('one flipped bit anywhere in a pack is found, and never taken for a wrong key', () => {
  const { bytes } = buildPack(small);
  const codes = damageCodes.filter((code) => code !== 'WRONG_KEY');
  for (const { what, bytes: flipped } of flippedBits(bytes)) {
    assert.throws(() => readPack(flipped), refusal(...codes), what);
  }
});
