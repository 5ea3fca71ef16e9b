import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import type { Failure, Json } from '../contract/index.ts';
import { flippedBits, truncations } from './damage-cases.ts';
import { decode, encode } from './encoding.ts';
import { generateKeyPair } from './keys/hpke.ts';
import { generateSigner } from './keys/signing.ts';
import { snapshotKey } from './layout.ts';
import { HEADER_BYTES } from './object.ts';
import { refusal } from './refusal.ts';
import { decodeSnapshot, encodeSnapshot, type SnapshotBody, type SnapshotHeader } from './snapshot.ts';

const signer = generateSigner();
const epoch = generateKeyPair();
const indexKey = randomBytes(32);
const keys = { indexKey, epochPublicKey: epoch.publicKey, signer };
const id = (digit: string) => digit.repeat(32);

const header: SnapshotHeader = {
  repository: id('1'),
  domain: id('2'),
  epoch: id('3'),
  writer: id('4'),
  job: 'app-files',
  source: 'app-files',
  sequence: 2,
  previous: 'ab'.repeat(32),
  started: '2026-11-23T06:00:00.000Z',
  finished: '2026-11-23T06:00:01.500Z',
  verdict: 'incomplete',
  host: 'trading-1',
  policyHash: 'cd'.repeat(32),
  pipeline: { chunk: { type: 'fastcdc', options: { average: 1048576 } } },
  artifacts: [
    { name: 'files', kind: 'tree', facts: null, size: 7, entries: 2 },
    { name: 'dump', kind: 'bytes', facts: { rows: [1, 2.5, true] }, size: 100, entries: 0 },
  ],
  facts: { ключ: 'значение' },
  needs: [{ log: 'wal', from: '0/16B3748' }],
  counters: { files: 2, newBytes: 107 },
  skipped: 1,
  agent: '0.1.0',
};
const pageId = new Uint8Array(32).fill(9);
const failure: Failure = {
  code: 'FILE_DENIED',
  message: 'No.',
  origin: 'source',
  permanent: false,
  detail: { errno: 13 },
};
const body: SnapshotBody = {
  artifacts: [
    {
      name: 'files',
      kind: 'tree',
      size: 7,
      pages: [
        { id: pageId, length: 70000, first: new Uint8Array() },
        { id: pageId, length: 5, first: new Uint8Array(Buffer.from('a/b')) },
      ],
    },
    { name: 'dump', kind: 'bytes', size: 100, pages: [{ id: pageId, length: 72, first: new Uint8Array(8) }] },
  ],
  skipped: [{ what: '/root/\uFEFFsecret', failure }],
};
const references = { births: [{ salt: new Uint8Array(32).fill(5), ordinals: Uint32Array.of(0, 1, 300) }] };
const { bytes, hash } = encodeSnapshot({ header, references, body, keys });
const key = snapshotKey(header.writer, header.job, header.sequence);

function open(damaged: Uint8Array, at = key) {
  return decodeSnapshot(damaged, {
    key: at,
    publicKeyOf: (writer) => (writer === header.writer ? signer.publicKey : undefined),
    repository: header.repository,
  });
}

test('a snapshot is read back as it was', () => {
  const opened = open(bytes);
  assert.deepStrictEqual(opened.header, header);
  assert.deepStrictEqual(opened.references(indexKey), references);
  assert.deepStrictEqual(opened.body(epoch.privateKey), body);
  assert.equal(opened.hash, hash);
  assert.equal(hash, createHash('sha256').update(bytes).digest('hex'));
});

const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
const text = fc.string({ unit: 'binary', maxLength: 20 });

test('whatever facts, names and skips there are, they are read back', () => {
  const skips = fc.array(fc.record({ what: text, detail: json, hint: text }), { maxLength: 3 });
  const property = fc.property(
    json,
    fc.array(text, { maxLength: 3 }),
    skips,
    fc.nat(),
    (facts, names, skipped, size) => {
      const artifacts = names.map((name) => ({ name, kind: 'tree' as const, facts, size, entries: 0 }));
      const h: SnapshotHeader = { ...header, facts, pipeline: facts, artifacts, needs: [{ log: 'l', from: facts }] };
      const b: SnapshotBody = {
        artifacts: names.map((name) => ({ name, kind: 'tree', size, pages: [] })),
        skipped: skipped.map(({ what, ...more }) => ({ what, failure: { ...failure, ...more } })),
      };
      const opened = open(encodeSnapshot({ header: h, references, body: b, keys }).bytes);
      assert.deepStrictEqual(opened.header, h);
      assert.deepStrictEqual(opened.body(epoch.privateKey), b);
    },
  );
  fc.assert(property, { numRuns: 50 });
});

test('neither file names nor what was skipped can be read without a key', () => {
  assert.equal(Buffer.from(bytes).includes('secret'), false);
  assert.equal(Buffer.from(bytes).includes('a/b'), false);
  assert.equal(Buffer.from(bytes).includes('trading-1'), true);
});

test('a wrong key, a stranger and a forger are told apart, and from damage', () => {
  const opened = open(bytes);
  assert.throws(() => opened.references(randomBytes(32)), refusal('WRONG_KEY'));
  assert.throws(() => opened.body(generateKeyPair().privateKey), refusal('WRONG_KEY'));
  assert.throws(
    () => decodeSnapshot(bytes, { key, publicKeyOf: () => undefined, repository: header.repository }),
    refusal('WRITER_UNKNOWN'),
  );
  const forger = generateSigner().publicKey;
  assert.throws(
    () => decodeSnapshot(bytes, { key, publicKeyOf: () => forger, repository: header.repository }),
    refusal('SIGNATURE_INVALID'),
  );
});

test('a snapshot that was moved to another key is refused', () => {
  const elsewhere = [
    snapshotKey(header.writer, header.job, 3),
    snapshotKey(header.writer, 'other-job', header.sequence),
    'snapshots/somewhere',
  ];
  for (const at of elsewhere) assert.throws(() => open(bytes, at), refusal('OBJECT_DAMAGED'));
  const other = snapshotKey(id('5'), header.job, header.sequence);
  assert.throws(
    () => decodeSnapshot(bytes, { key: other, publicKeyOf: () => signer.publicKey, repository: header.repository }),
    refusal('OBJECT_DAMAGED'),
  );
});

test('a snapshot cut at any length, or with any bit flipped, is refused', () => {
  for (const { what, bytes: cut } of truncations(bytes)) {
    assert.throws(() => open(cut), refusal('OBJECT_DAMAGED', 'SIGNATURE_INVALID'), what);
  }
  for (const { what, bytes: flipped } of flippedBits(bytes)) {
    assert.throws(() => open(flipped), refusal('OBJECT_DAMAGED', 'SIGNATURE_INVALID', 'FORMAT_NEWER'), what);
  }
});

test('what a writer signed wrongly is refused all the same, byte for byte', () => {
  const signed = bytes.slice(0, -64);
  const again = (part: Uint8Array) => new Uint8Array(Buffer.concat([part, signer.sign(part)]));
  assert.equal(open(again(signed)).hash, hash);
  const readAll = (part: Uint8Array) => {
    const opened = open(again(part));
    opened.references(indexKey);
    opened.body(epoch.privateKey);
  };
  for (const { what, bytes: cut } of truncations(signed)) {
    if (cut.length < HEADER_BYTES) continue;
    assert.throws(() => readAll(cut), refusal('OBJECT_DAMAGED'), what);
  }
  const codes = ['OBJECT_DAMAGED', 'FORMAT_NEWER', 'WRONG_KEY'];
  for (const { what, bytes: flipped } of flippedBits(signed))
    assert.throws(() => readAll(flipped), refusal(...codes), what);
});

/** The header of `bytes` changed, and signed again by its own writer. */
function resigned(change: (fields: Record<string, unknown>) => void): Uint8Array {
  const length = Buffer.from(bytes).readUInt32LE(HEADER_BYTES);
  const end = HEADER_BYTES + 4 + length;
  const fields = decode(bytes.subarray(HEADER_BYTES + 4, end)) as Record<string, unknown>;
  change(fields);
  const changed = encode(fields as Record<string, Json>);
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(changed.length);
  const signed = Buffer.concat([bytes.subarray(0, HEADER_BYTES), prefix, changed, bytes.subarray(end, -64)]);
  return new Uint8Array(Buffer.concat([signed, signer.sign(signed)]));
}

test('references and body do not open under another header', () => {
  const opened = open(resigned((fields) => Object.assign(fields, { host: 'other' })));
  assert.equal(opened.header.host, 'other');
  assert.throws(() => opened.references(indexKey), refusal('OBJECT_DAMAGED'));
  assert.throws(() => opened.body(epoch.privateKey), refusal('OBJECT_DAMAGED'));
});

const wrongFields: Readonly<Record<string, Record<string, unknown>>> = {
  'an unknown field': { future: 1 },
  'an id that is none': { repository: 'x' },
  'a time that is none': { started: 'yesterday' },
  'a verdict that is none': { verdict: 'fine' },
  'a sequence that is none': { sequence: -1 },
  'a previous snapshot that is none': { previous: 'ab' },
  'a predecessor missing': { previous: '' },
  'complete in spite of what was skipped': { verdict: 'complete' },
  'counters that are text': { counters: { files: 'many' } },
  'counters that are a list': { counters: [] },
  'facts that are bytes': { facts: { a: new Uint8Array(1) } },
  'facts beyond JSON': { facts: [2n ** 60n] },
  'artifacts that are none': { artifacts: [1] },
  'artifacts that are a map': { artifacts: {} },
  'needs without a log': { needs: [{ from: 1 }] },
};

for (const [what, fields] of Object.entries(wrongFields)) {
  test(`refuses a header with ${what}`, () => {
    assert.throws(() => open(resigned((all) => Object.assign(all, fields))), refusal('OBJECT_DAMAGED'));
  });
}

test('a header field that is missing is refused', () => {
  for (const name of Object.keys(header)) {
    const without = resigned((fields) => void delete fields[name]);
    assert.throws(() => open(without), refusal('OBJECT_DAMAGED'), name);
  }
});

const [tree, stream] = body.artifacts;
assert.ok(tree && stream);
const page = { id: pageId, length: 72, first: new Uint8Array(8) };
const wrongBodies: Readonly<Record<string, SnapshotBody['artifacts']>> = {
  'an artifact missing': [tree],
  'artifacts in another order': [stream, tree],
  'another size': [{ ...tree, size: 8 }, stream],
  'pages out of order': [{ ...tree, pages: tree.pages.toReversed() }, stream],
  'a page that starts outside the tree': [{ ...tree, pages: [{ ...page, first: Buffer.from('../x') }] }, stream],
  'a page without an id': [tree, { ...stream, pages: [{ ...page, id: new Uint8Array(31) }] }],
  'an empty page': [tree, { ...stream, pages: [{ ...page, length: 0 }] }],
  'a page of half a chunk': [tree, { ...stream, pages: [{ ...page, length: 71 }] }],
  'a stream without pages': [tree, { ...stream, pages: [] }],
  'a stream that starts in the middle': [tree, { ...stream, pages: [{ ...page, first: Buffer.alloc(8, 1) }] }],
  'two pages at one offset': [tree, { ...stream, pages: [page, page] }],
};

for (const [what, artifacts] of Object.entries(wrongBodies)) {
  test(`does not write a body with ${what}`, () => {
    const write = () => encodeSnapshot({ header, references, body: { artifacts, skipped: [] }, keys });
    assert.throws(write, refusal('SNAPSHOT_INVALID'));
  });
}

test('does not write a header that could not be read, nor an object over 64 MiB', () => {
  const write = (h: Partial<SnapshotHeader>, skipped: SnapshotBody['skipped'] = []) =>
    encodeSnapshot({ header: { ...header, ...h }, references, body: { ...body, skipped }, keys });
  assert.throws(() => write({ started: '2026' }), refusal('SNAPSHOT_INVALID'));
  assert.throws(() => write({ facts: { a: Number.NaN } }), refusal('VALUE_UNENCODABLE'));
  const long = { what: 'x'.repeat(65 * 1024 * 1024), failure };
  assert.throws(() => write({}, [long]), refusal('OBJECT_TOO_LARGE'));
});
