import * as cborg from 'cborg';
import { domain, epochId, indexKey, readerKeys } from './domain-keys.ts';
import {
  birth,
  changed,
  fixed,
  keyPair,
  latin1,
  type SnapshotParts,
  signed,
  signer,
  snapshot,
  u32,
} from './reference-writer.ts';
import { hex, type Vector, type VectorFile } from './vector.ts';

const writer = hex(fixed('writer', 16));
const key = `snapshots/${writer}/app/0000000001`;
const ed25519 = signer('writer');

const fields = {
  repository: hex(fixed('repository', 16)),
  domain: hex(domain),
  epoch: hex(epochId),
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
const references = Buffer.concat([
  u32(2),
  ...[salts[0] as Buffer, u32(3), Buffer.from('00008001', 'hex')],
  ...[salts[1] as Buffer, u32(1), Buffer.from('ffffffff0f', 'hex')],
]);
const holds = {
  header: fields,
  references: [
    { salt: hex(salts[0] as Buffer), ordinals: [0, 1, 130] },
    { salt: hex(salts[1] as Buffer), ordinals: [4294967295] },
  ],
  pages: [[hex(fixed('page', 32)), 70, hex(latin1('a'))]],
};

const cbor = (value: unknown) => Buffer.from(cborg.encode(value, cborg.rfc8949EncodeOptions));

export async function snapshotVectors(): Promise<VectorFile> {
  const { pair } = await keyPair('epoch');
  const keys = { birth: await birth('body', domain, epochId, pair.publicKey), indexKey, sign: ed25519.sign };
  const make = (parts: Partial<SnapshotParts> = {}) =>
    snapshot('snapshot', { header: cbor(fields), references, body: cbor(body), ...parts }, keys);
  const withHeader = (changes: object) => make({ header: cbor({ ...fields, ...changes }) });
  const bytes = make();
  const headerLength = cbor(fields).length;
  const unsigned = bytes.subarray(0, -64);
  const again = (part: Uint8Array) => signed(part, ed25519);
  const unsorted = Buffer.from(cborg.encode(fields, { mapSorter: () => 0 }));
  const stranger = await readerKeys();
  const readWith = { ...stranger, [`writer ${writer}`]: hex(ed25519.publicKey) };
  const vector = (
    name: string,
    expect: string,
    object: Uint8Array,
    other: Record<string, string> = {},
    at = key,
  ): Vector => ({
    name,
    expect,
    key: at,
    keys: { ...readWith, ...other },
    bytes: hex(object),
  });
  const damaged = (name: string, object: Uint8Array, at = key) => vector(name, 'OBJECT_DAMAGED', object, {}, at);
  const vectors: Vector[] = [
    { ...vector('a first snapshot', 'ok', bytes), holds },
    vector('another index key', 'WRONG_KEY', bytes, { domainSecret: hex(fixed('another secret', 32)) }),
    vector('another epoch key', 'WRONG_KEY', bytes, {
      epochPrivateKey: hex((await keyPair('another epoch')).privateKey),
    }),
    {
      ...vector('a writer that is not known', 'WRITER_UNKNOWN', bytes),
      keys: stranger,
    },
    vector('signed by another', 'SIGNATURE_INVALID', signed(unsigned, signer('forger'))),
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
    damaged('facts that are bytes', withHeader({ facts: Buffer.of(1) })),
    damaged('an artifact that the body does not have', withHeader({ artifacts: [] })),
    damaged('a header record of 4 GiB', again(changed(unsigned, 8, u32(0xffffffff)))),
    damaged('bytes behind the body', again(Buffer.concat([unsigned, Buffer.of(0)]))),
    damaged('references of another snapshot', again(changed(unsigned, 12 + headerLength + 4 + 50))),
    damaged('a body sealed to another epoch', again(changed(unsigned, unsignedBirth(headerLength) + 32))),
    damaged('a body that was changed', again(changed(unsigned, -1))),
    damaged(
      'births out of order',
      make({
        references: Buffer.concat([u32(2), ...[1, 0].flatMap((i) => [salts[i] as Buffer, u32(1), Buffer.of(0)])]),
      }),
    ),
    damaged(
      'a number longer than it needs to be',
      make({ references: Buffer.concat([u32(1), salts[0] as Buffer, u32(1), Buffer.of(0x80, 0)]) }),
    ),
    damaged(
      'ordinals beyond 32 bits',
      make({ references: Buffer.concat([u32(1), salts[0] as Buffer, u32(2), Buffer.from('ffffffff0f00', 'hex')]) }),
    ),
    damaged(
      'a birth without ordinals',
      make({ references: Buffer.concat([u32(1), salts[0] as Buffer, u32(0), Buffer.of(0)]) }),
    ),
    damaged(
      'pages out of order',
      make({
        body: cbor({
          ...body,
          artifacts: [
            {
              ...body.artifacts[0],
              pages: [
                [fixed('page', 32), 70, latin1('b')],
                [fixed('page', 32), 70, latin1('a')],
              ],
            },
          ],
        }),
      }),
    ),
  ];
  const about =
    'Snapshots. keys: as for packs, and the public keys of the writers that are known. A reader checks the signature, takes the ' +
    'header, then opens references and body. holds: the header, the references, the pages of the first artifact.';
  return { about, vectors };
}

/** Where the birth of the body starts. */
function unsignedBirth(headerLength: number): number {
  return 8 + 4 + headerLength + 4 + 32 + 8 + references.length + 16;
}
