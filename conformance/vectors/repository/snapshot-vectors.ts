import {
  domain,
  indexKey,
  other,
  otherEpochPrivateKey,
  ownBirth,
  readerKeys,
  repository,
  writerSigner,
} from './domain-keys.ts';
import {
  cbor,
  changed,
  references as encoded,
  fixed,
  latin1,
  type SnapshotParts,
  signed,
  snapshot,
  u32,
  unsortedCbor,
} from './reference-writer.ts';
import { hex, type Vector, type VectorFile } from './vector.ts';

const writer = hex(fixed('writer', 16));
const key = `snapshots/${writer}/app/0000000001`;

const fields = {
  repository: hex(repository),
  domain: hex(domain),
  epoch: hex(fixed('epoch', 16)),
  writer,
  job: 'app',
  source: 'app-files',
  sequence: 1,
  previous: '',
  started: '2026-01-02T03:04:05.000Z',
  finished: '2026-01-02T03:04:06.007Z',
  verdict: 'complete',
  host: 'host-1',
  policyHash: hex(fixed('policy', 32)),
  pipeline: { encrypt: 'aes-256-gcm' },
  artifacts: [{ name: 'files', kind: 'tree', facts: null, size: 5, entries: 1 }],
  facts: { rows: 1.5 },
  needs: [],
  counters: { files: 1 },
  skipped: 0,
  agent: '0.1.0',
};
const body = {
  artifacts: [{ name: 'files', kind: 'tree', size: 5, pages: [[fixed('page', 32), 70, latin1('a')]] }],
  skipped: [],
};
const salts = [fixed('salt 1', 32), fixed('salt 2', 32)].sort(Buffer.compare);
const references = encoded([
  { salt: salts[0] as Buffer, ordinals: [0, 1, 130] },
  { salt: salts[1] as Buffer, ordinals: [2 ** 32 - 1] },
]);
const holds = {
  header: fields,
  references: [
    { salt: hex(salts[0] as Buffer), ordinals: [0, 1, 130] },
    { salt: hex(salts[1] as Buffer), ordinals: [4294967295] },
  ],
  pages: [[hex(fixed('page', 32)), 70, hex(latin1('a'))]],
};

export async function snapshotVectors(): Promise<VectorFile<Vector>> {
  const keys = { birth: await ownBirth('body'), indexKey, sign: writerSigner.sign };
  const make = (parts: Partial<SnapshotParts> = {}) =>
    snapshot('snapshot', { header: cbor(fields), references, body: cbor(body), ...parts }, keys);
  const withHeader = (changes: object) => make({ header: cbor({ ...fields, ...changes }) });
  const bytes = make();
  const stream = (size: number, of: unknown[]) =>
    make({
      header: cbor({ ...fields, artifacts: [{ name: 'dump', kind: 'bytes', facts: null, size, entries: 0 }] }),
      body: cbor({ artifacts: [{ name: 'dump', kind: 'bytes', size, pages: of }], skipped: [] }),
    });
  const headerLength = cbor(fields).length;
  const unsigned = bytes.subarray(0, -64);
  const again = (part: Uint8Array) => signed(part, writerSigner);
  const unsorted = unsortedCbor(fields);
  const stranger = { ...(await readerKeys()), repository: hex(repository) };
  const readWith = { ...stranger, [`writer ${writer}`]: hex(writerSigner.publicKey) };
  const vector = (
    name: string,
    expect: string,
    object: Uint8Array,
    changes: Record<string, string> = {},
    at = key,
  ): Vector => ({
    name,
    expect,
    key: at,
    keys: { ...readWith, ...changes },
    bytes: hex(object),
  });
  const damaged = (name: string, object: Uint8Array, at = key) => vector(name, 'OBJECT_DAMAGED', object, {}, at);
  const changes = { sequence: 2, previous: hex(fixed('previous', 32)), verdict: 'incomplete', skipped: 3 };
  const incomplete = {
    bytes: make({
      header: cbor({ ...fields, ...changes }),
      body: cbor({ ...body, ...skipped({ hint: 'look', detail: { errno: 13 } }) }),
    }),
    holds: { ...holds, header: { ...fields, ...changes } },
  };
  const vectors: Vector[] = [
    { ...vector('a first snapshot', 'ok', bytes), holds },
    {
      ...vector('a second one, of a run that skipped something', 'ok', incomplete.bytes, {}, key.replace(/1$/, '2')),
      holds: incomplete.holds,
    },
    vector('another index key', 'WRONG_KEY', bytes, { domainSecret: other.domainSecret }),
    vector('another epoch key', 'WRONG_KEY', bytes, {
      epochPrivateKey: await otherEpochPrivateKey(),
    }),
    {
      ...vector('a writer that is not known', 'WRITER_UNKNOWN', bytes),
      keys: stranger,
    },
    vector('signed by another', 'SIGNATURE_INVALID', signed(unsigned, other.signer)),
    vector('a bit of the signature', 'SIGNATURE_INVALID', changed(bytes, -1)),
    vector('a bit of the header record', 'SIGNATURE_INVALID', changed(bytes, 20)),
    vector('a bit of the body', 'SIGNATURE_INVALID', changed(bytes, -65)),
    vector('the last byte is missing', 'SIGNATURE_INVALID', bytes.subarray(0, -1)),
    vector('format version 2', 'FORMAT_NEWER', changed(bytes, 5, Buffer.of(2))),
    damaged('another type', changed(bytes, 4)),
    damaged('moved to another sequence', bytes, key.replace(/1$/, '2')),
    damaged('moved to another job', bytes, key.replace('/app/', '/other/')),
    damaged('moved to where no snapshot lies', bytes, 'snapshots/x'),
    damaged('a header record out of order', make({ header: unsorted })),
    damaged('a field that is not known', withHeader({ future: 1 })),
    damaged('an id that is none', withHeader({ repository: 'x' })),
    damaged('a time without its milliseconds', withHeader({ started: '2026-01-02T03:04:05Z' })),
    damaged('complete, though something was skipped', withHeader({ skipped: 1 })),
    damaged('a second snapshot that follows none', withHeader({ sequence: 2 }), key.replace(/1$/, '2')),
    damaged('the snapshot of another repository', withHeader({ repository: hex(other.repository) })),
    damaged('a field too few', make({ header: cbor(without(fields, 'agent')) })),
    damaged('a verdict that is not known', withHeader({ verdict: 'fine' })),
    damaged('a first snapshot that follows one', withHeader({ previous: hex(fixed('previous', 32)) })),
    damaged('a previous hash that is none', withHeader({ previous: 'x' })),
    damaged('counters that are no numbers', withHeader({ counters: { files: 'one' } })),
    damaged('facts beyond 2^53', withHeader({ facts: 2n ** 60n })),
    damaged('needs without a place to start', withHeader({ needs: [{ log: 'wal' }] })),
    damaged(
      'an artifact of a kind that is not known',
      withHeader({ artifacts: [{ ...fields.artifacts[0], kind: 'table' }] }),
    ),
    damaged('two artifacts of one name', withHeader({ artifacts: [fields.artifacts[0], fields.artifacts[0]] })),
    damaged('facts that are bytes', withHeader({ facts: Buffer.of(1) })),
    damaged('an artifact that the body does not have', withHeader({ artifacts: [] })),
    damaged('a header record of 4 GiB', again(changed(unsigned, 8, u32(0xffffffff)))),
    damaged('shorter than a signature', bytes.subarray(0, 71)),
    damaged('bytes behind the body', again(Buffer.concat([unsigned, Buffer.of(0)]))),
    damaged('references of another snapshot', again(changed(unsigned, 12 + headerLength + 4 + 50))),
    damaged('a body sealed to another epoch', again(changed(unsigned, unsignedBirth(headerLength) + 32))),
    damaged('a body that was changed', again(changed(unsigned, -1))),
    damaged('references that are none', make({ references: Buffer.concat([u32(1), fixed('salt 1', 32), u32(0)]) })),
    damaged('a body out of order', make({ body: unsortedCbor(body) })),
    ...Object.entries(bodies).map(([name, changes]) => damaged(name, make({ body: cbor({ ...body, ...changes }) }))),
    ...Object.entries(streams).map(([name, [size, pages]]) => damaged(name, stream(size, pages))),
  ];
  const about =
    'Snapshots. keys: as for packs, the public keys of the writers that are known, and the id of the repository. A reader checks the signature, takes the ' +
    'header, then opens references and body. holds: the header, the references, the pages of the first artifact.';
  return { about, vectors };
}

function without<T extends object>(value: T, name: keyof T): Partial<T> {
  const copy: Partial<T> = { ...value };
  delete copy[name];
  return copy;
}

const [tree] = body.artifacts;
const page = (length: number, first: Uint8Array, id = fixed('page', 32)) => [id, length, first];
const pages = (...of: unknown[]) => ({ artifacts: [{ ...tree, pages: of }] });
const failure = { code: 'SOURCE_DENIED', message: 'no', origin: 'source', permanent: false };
const skipped = (changes: object) => ({ skipped: [{ what: 'x', failure: { ...failure, ...changes } }] });

/** Bodies that are none, under a good signature. */
const bodies: Readonly<Record<string, object>> = {
  'a body with a field too many': { later: 1 },
  'another size than in the header': { artifacts: [{ ...tree, size: 6 }] },
  'another kind than in the header': { artifacts: [{ ...tree, kind: 'bytes' }] },
  'another name than in the header': { artifacts: [{ ...tree, name: 'other' }] },
  'pages out of order': pages(page(70, latin1('b')), page(70, latin1('a'))),
  'pages that start alike': pages(page(70, latin1('a')), page(70, latin1('a'))),
  'a page that starts with no path': pages(page(70, latin1('../a'))),
  'a page without bytes': pages(page(0, latin1('a'))),
  'a page of more than 32 MiB': pages(page(2 ** 25 + 1, latin1('a'))),
  'a page with an id of 31 bytes': pages(page(70, latin1('a'), fixed('page', 31))),
  'a page of two fields': pages([fixed('page', 32), 70]),
  'a failure with a field too many': skipped({ later: 1 }),
  'a failure from nowhere': skipped({ origin: 'nowhere' }),
  'a failure whose hint is no text': skipped({ hint: 1 }),
};

const offset = (n: number) => Buffer.of(0, 0, 0, 0, 0, 0, 0, n);
/** Pages of a stream that are none, with its size. */
const streams: Readonly<Record<string, [size: number, pages: unknown[]]>> = {
  'a stream of bytes without pages': [5, []],
  'a stream without bytes that has a page': [0, [page(36, offset(0))]],
  'a stream that does not start at 0': [5, [page(36, offset(1))]],
  'a stream whose pages start alike': [5, [page(36, offset(0)), page(36, offset(0))]],
  'a page of a stream behind its end': [5, [page(36, offset(0)), page(36, offset(5))]],
  'a page of a stream whose offset has 7 bytes': [5, [page(36, offset(0).subarray(1))]],
  'a page of a stream that holds half a reference': [5, [page(35, offset(0))]],
};

/** Where the birth of the body starts. */
function unsignedBirth(headerLength: number): number {
  return 8 + 4 + headerLength + 4 + 32 + 8 + references.length + 16;
}
