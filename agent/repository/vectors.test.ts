import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import test from 'node:test';
import { readVectorFile, vectorFiles } from '../../conformance/vectors/repository/generate.ts';
import type { Vector } from '../../conformance/vectors/repository/vector.ts';
import { damaged } from './damage.ts';
import { decode, encode } from './encoding.ts';
import { decodeFragment } from './fragment.ts';
import { openBirth, openFrame } from './frame.ts';
import { domainKeys } from './keys/domain.ts';
import { checkHeader } from './object.ts';
import { openTable, parseTrailer } from './pack.ts';
import { refusal } from './refusal.ts';
import { decodeSnapshot } from './snapshot.ts';
import { encodeTable } from './table.ts';
import { decodePage, encodeRecord } from './tree.ts';

/** Reads all of an object; returns what a vector `holds`, or undefined where that is not said. */
type Read = (bytes: Uint8Array, vector: Vector) => unknown;

const readers: Readonly<Record<string, Read>> = {
  'headers.json': (bytes) => checkHeader(bytes, 'repository', 'repository'),
  'records.json': (bytes, { holds }) => {
    const value = decode(bytes);
    assert.equal(hex(encode(value)), hex(bytes));
    return holds === undefined ? undefined : value;
  },
  'packs.json': readPack,
  'indexes.json': (bytes, vector) => {
    const { domain, indexKey } = keysOf(vector);
    const packs = decodeFragment(bytes, { domain, indexKey, key: vector.key ?? '' });
    return packs.map(({ name, size, table }) => ({ name, size, table: hex(encodeTable(table)) }));
  },
  'pages.json': (bytes) => {
    assert.equal(hex(Buffer.concat(decodePage(bytes).map(encodeRecord))), hex(bytes));
    return undefined;
  },
  'snapshots.json': readSnapshot,
};

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function keyNamed({ keys }: Vector, name: string): Uint8Array {
  return Buffer.from(keys?.[name] ?? '', 'hex');
}

function keysOf(vector: Vector) {
  const domain = keyNamed(vector, 'domain');
  const { idKey, indexKey } = domainKeys(hex(domain), 'vectors', keyNamed(vector, 'domainSecret'));
  return { domain, idKey, indexKey, epochPrivateKey: keyNamed(vector, 'epochPrivateKey') };
}

function readPack(bytes: Uint8Array, vector: Vector): string[][] {
  const { domain, idKey, indexKey, epochPrivateKey } = keysOf(vector);
  const key = vector.key ?? '';
  checkHeader(bytes, 'pack', key);
  const trailer = parseTrailer(bytes, key, bytes.length);
  const sealed = bytes.subarray(trailer.tableOffset, trailer.tableOffset + trailer.tableLength);
  const { births, frames, ids, lengths } = openTable(indexKey, domain, trailer, sealed, key);
  const opened = births.map((birth) => ({ salt: birth.salt, frameKey: openBirth(birth, domain, epochPrivateKey) }));
  return frames.map((frame) => {
    const birth = opened[frame.birth];
    assert.ok(birth);
    const [from, to] = [frame.firstChunk, frame.firstChunk + frame.chunkCount];
    const chunks = { ids: ids.subarray(from * 32, to * 32), lengths: lengths.subarray(from, to) };
    const end = frame.offset + frame.sealedLength;
    const context = { ...frame, domain, salt: birth.salt, chunks, sealed: bytes.subarray(frame.offset, end) };
    return chunksOf(openFrame(birth.frameKey, context), chunks, idKey);
  });
}

function chunksOf(plain: Uint8Array, chunks: { ids: Uint8Array; lengths: Uint32Array }, idKey: Uint8Array): string[] {
  let at = 0;
  return Array.from(chunks.lengths, (length, i) => {
    const chunk = Buffer.from(plain.subarray(at, at + length));
    at += length;
    const id = createHmac('sha256', idKey).update(chunk).digest();
    if (!id.equals(chunks.ids.subarray(i * 32, i * 32 + 32)))
      damaged('FRAME_DAMAGED', 'A chunk is not what its id says.');
    return chunk.toString();
  });
}

function readSnapshot(bytes: Uint8Array, vector: Vector): unknown {
  const { indexKey, epochPrivateKey } = keysOf(vector);
  const publicKeyOf = (writer: string) =>
    vector.keys?.[`writer ${writer}`] === undefined ? undefined : keyNamed(vector, `writer ${writer}`);
  const opened = decodeSnapshot(bytes, { key: vector.key ?? '', publicKeyOf });
  const references = opened.references(indexKey).births;
  const pages = opened.body(epochPrivateKey).artifacts[0]?.pages ?? [];
  return {
    header: opened.header,
    references: references.map(({ salt, ordinals }) => ({ salt: hex(salt), ordinals: [...ordinals] })),
    pages: pages.map(({ id, length, first }) => [hex(id), length, hex(first)]),
  };
}

const generated = await vectorFiles();

for (const [name, read] of Object.entries(readers)) {
  const file = generated[name];
  test(`${name} is what its generator makes`, () => {
    assert.deepEqual(readVectorFile(name), JSON.parse(JSON.stringify(file)));
  });
  for (const vector of file?.vectors ?? []) {
    test(`${name}: ${vector.name}: ${vector.expect}`, () => {
      const bytes = new Uint8Array(Buffer.from(vector.bytes, 'hex'));
      if (vector.expect === 'ok') assert.deepEqual(read(bytes, vector), vector.holds);
      else assert.throws(() => read(bytes, vector), refusal(vector.expect));
    });
  }
}

test('every file of vectors is read', () => {
  assert.deepEqual(Object.keys(readers), Object.keys(generated));
});
