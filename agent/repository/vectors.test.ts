import assert from 'node:assert/strict';
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import test from 'node:test';
import { objectVectors, readVectorFile } from '../../conformance/vectors/repository/generate.ts';
import { person } from '../../conformance/vectors/repository/openpgp.ts';
import { type Vector, written } from '../../conformance/vectors/repository/vector.ts';
import { fail } from '../contract/index.ts';
import { damaged } from './damage.ts';
import { decode, encode } from './encoding.ts';
import { decodeFragment } from './fragment.ts';
import { openBirth, openFrame } from './frame.ts';
import { decodeApproval, openDomainSecret } from './keys/approval.ts';
import { isSignedBy, readApprover } from './keys/approver.ts';
import { domainKeys } from './keys/domain.ts';
import { decodeEpoch, unlockEpoch } from './keys/epoch.ts';
import { unlockIdentity } from './keys/identity.ts';
import { decodeWriter } from './keys/writer.ts';
import { decodeMark } from './mark.ts';
import { decodeMarker } from './marker.ts';
import { checkHeader } from './object.ts';
import { openTable, parseTrailer } from './pack.ts';
import { decodeReferences } from './references.ts';
import { refusal } from './refusal.ts';
import { decodeRemoval } from './removal.ts';
import { openRecord, type SealedKind } from './sealed.ts';
import { decodeSession } from './session.ts';
import { decodeSnapshot } from './snapshot.ts';
import { decodeVoid } from './snapshot-void.ts';
import { decodeBirth, decodeTable, encodeTable, type PackTable } from './table.ts';
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
  'markers.json': (bytes) => decodeMarker(bytes),
  'writers.json': (bytes, { key = '' }) => {
    const writer = decodeWriter(bytes, key);
    return { ...writer, publicKey: hex(writer.publicKey), joinKey: hex(writer.joinKey) };
  },
  'approvals.json': readApproval,
  'epochs.json': readEpoch,
  'births.json': (bytes, vector) => {
    const { domain, epochPrivateKey } = keysOf(vector);
    return hex(openBirth(decodeBirth(bytes, 0), domain, epochPrivateKey));
  },
  'sealed-records.json': (bytes, vector) => {
    const kind = vector.with?.['kind'] as SealedKind;
    const aad = Buffer.from(String(vector.with?.['aad']), 'hex');
    return hex(openRecord(keysOf(vector).indexKey, kind, aad, bytes, { code: 'OBJECT_DAMAGED', name: 'it' }));
  },
  'tables.json': (bytes) => {
    const table = decodeTable(bytes);
    assert.equal(hex(encodeTable(table)), hex(bytes));
    return inWords(table);
  },
  'trailers.json': (bytes, vector) => {
    const { tableOffset, tableLength } = parseTrailer(bytes, 'a pack', Number(vector.with?.['size']));
    return { offset: tableOffset, length: tableLength };
  },
  'packs.json': readPack,
  'indexes.json': (bytes, vector) => {
    const { domain, indexKey } = keysOf(vector);
    const packs = decodeFragment(bytes, { domain, indexKey, key: vector.key ?? '' });
    return packs.map(({ name, size, table }) => ({ name, size, table: hex(encodeTable(table)) }));
  },
  'references.json': (bytes) => referencesInWords(decodeReferences(bytes, 'a snapshot')),
  'pages.json': (bytes) => {
    assert.equal(hex(Buffer.concat(decodePage(bytes).map(encodeRecord))), hex(bytes));
    return undefined;
  },
  'snapshots.json': readSnapshot,
  'removals.json': (bytes, vector) => decodeRemoval(bytes, signedBy(vector)),
  'sessions.json': (bytes, vector) => decodeSession(bytes, signedBy(vector)),
  'voids.json': (bytes, vector) => decodeVoid(bytes, { ...signedBy(vector), publicKeyOf: writersOf(vector) }),
  'marks.json': (bytes, vector) => decodeMark(bytes, { ...signedBy(vector), publicKeyOf: writersOf(vector) }),
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

function writersOf(vector: Vector): (writer: string) => Uint8Array | undefined {
  return (writer) =>
    vector.keys?.[`writer ${writer}`] === undefined ? undefined : keyNamed(vector, `writer ${writer}`);
}

/** Of the one writer that is known. */
function signedBy(vector: Vector) {
  const [writer = ''] = Object.keys(vector.keys ?? {}).filter((name) => name.startsWith('writer '));
  const { key = '', keys } = vector;
  return { key, publicKey: keyNamed(vector, writer), repository: keys?.['repository'] ?? '' };
}

async function readApproval(bytes: Uint8Array, vector: Vector): Promise<unknown> {
  const { claims, statement, signature } = decodeApproval(bytes, vector.key ?? '');
  const names = vector.with?.['approvers'] as readonly string[];
  const approvers = await Promise.all(names.map(async (name) => readApprover(name, (await person(name)).publicKey)));
  const approver = approvers.find(({ fingerprint }) => fingerprint === claims.approver);
  const refused = { message: 'it counts for nothing', origin: 'key', permanent: true } as const;
  if (approver === undefined) return fail({ code: 'WRITER_UNAPPROVED', ...refused });
  if (!(await isSignedBy(approver, statement, signature))) return fail({ code: 'SIGNATURE_INVALID', ...refused });
  const { repository, writer } = claims;
  const domains = claims.domains.map(({ id, name, sealed }) => {
    const secret = openDomainSecret({ repository, writer, domain: id }, keyNamed(vector, 'joinPrivateKey'), sealed);
    return { id, name, sealed: hex(sealed), secret: secret === undefined ? null : hex(secret) };
  });
  return { ...claims, publicKey: hex(claims.publicKey), joinKey: hex(claims.joinKey), domains };
}

async function readEpoch(bytes: Uint8Array, vector: Vector): Promise<unknown> {
  const { privateKey: armored } = await person(String(vector.with?.['reader']));
  const epoch = decodeEpoch(bytes, vector.key ?? '', writersOf(vector), vector.keys?.['repository'] ?? '');
  const { privateKey, domainSecret } = await unlockEpoch(epoch, await unlockIdentity(armored, ''));
  const { publicKey, sealed } = epoch;
  const inHex = { publicKey: hex(publicKey), sealed: hex(sealed) };
  return { ...epoch, ...inHex, privateKey: hex(privateKey), domainSecret: hex(domainSecret) };
}

function inWords({ births, frames, ids, lengths }: PackTable) {
  return {
    births: births.map(({ salt }) => hex(salt)),
    frames: frames.map(({ firstChunk, chunkCount, ...frame }) => ({
      ...frame,
      chunks: Array.from({ length: chunkCount }, (_, i) => [
        hex(ids.subarray((firstChunk + i) * 32, (firstChunk + i + 1) * 32)),
        lengths[firstChunk + i],
      ]),
    })),
  };
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
    if (!timingSafeEqual(id, chunks.ids.subarray(i * 32, i * 32 + 32)))
      damaged('FRAME_DAMAGED', 'A chunk is not what its id says.');
    return chunk.toString();
  });
}

function referencesInWords({ births }: ReturnType<typeof decodeReferences>) {
  return births.map(({ salt, ordinals }) => ({ salt: hex(salt), ordinals: [...ordinals] }));
}

function readSnapshot(bytes: Uint8Array, vector: Vector): unknown {
  const { indexKey, epochPrivateKey } = keysOf(vector);
  const repository = vector.keys?.['repository'] ?? '';
  const opened = decodeSnapshot(bytes, { key: vector.key ?? '', publicKeyOf: writersOf(vector), repository });
  const references = opened.references(indexKey);
  const pages = opened.body(epochPrivateKey).artifacts[0]?.pages ?? [];
  return {
    header: opened.header,
    references: referencesInWords(references),
    pages: pages.map(({ id, length, first }) => [hex(id), length, hex(first)]),
  };
}

const generated = await objectVectors();

for (const [name, read] of Object.entries(readers)) {
  for (const vector of generated[name]?.vectors ?? []) {
    test(`${name}: ${vector.name}: ${vector.expect}`, async () => {
      const given = Buffer.from(vector.bytes, 'hex');
      const bytes = new Uint8Array(vector.length ?? given.length);
      bytes.set(given);
      if (vector.expect === 'ok') assert.deepEqual(await read(bytes, vector), vector.holds);
      else await assert.rejects(async () => read(bytes, vector), refusal(vector.expect));
    });
  }
}

for (const [name, file] of Object.entries(generated)) {
  test(`${name} is what its generator makes`, () => {
    const kept = createHash('sha256').update(readVectorFile(name)).digest('hex');
    assert.equal(kept, createHash('sha256').update(written(file)).digest('hex'));
    const names = file.vectors.map((vector) => vector.name);
    assert.equal(new Set(names).size, names.length, 'two vectors of one name');
  });
}

test('every file of vectors is read, here or where frames are', () => {
  // Frames are opened by workers, which this room knows nothing of.
  assert.deepEqual(Object.keys(generated).sort(), [...Object.keys(readers), 'frames.json'].sort());
});
