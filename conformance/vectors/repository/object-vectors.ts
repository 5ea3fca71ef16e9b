import { joinKeys, other, repository, writer, writerSigner } from './domain-keys.ts';
import { cbor, changed, header, object, unsortedCbor } from './reference-writer.ts';
import { family } from './refused.ts';
import { hex, type Vector, type VectorFile } from './vector.ts';

const created = '2026-01-02T03:04:05.006Z';
/** What no time looks like, though programs read some of them. */
const notTimes: Readonly<Record<string, string>> = {
  'a time without its milliseconds': '2026-01-02T03:04:05Z',
  'a time of another zone': '2026-01-02T03:04:05.006+00:00',
  'a day that no month has': '2026-02-30T03:04:05.006Z',
  'a year of six digits': '+012026-01-02T03:04:05.006Z',
};

export function markerVectors(): VectorFile<Vector> {
  const { ok, bad } = family({ key: 'repository' });
  const fields = { id: hex(repository), created };
  const refused: Readonly<Record<string, unknown>> = {
    'an id of 31 digits': { ...fields, id: hex(repository).slice(1) },
    'an id in capitals': { ...fields, id: hex(repository).toUpperCase() },
    'a field too many': { ...fields, later: 1 },
    'a field too few': { id: fields.id },
    'a list': [fields.id, fields.created],
    ...Object.fromEntries(Object.entries(notTimes).map(([name, time]) => [name, { ...fields, created: time }])),
  };
  return {
    about: 'Markers. holds: the fields of the record.',
    vectors: [
      ok('a marker', object('repository', cbor(fields)), fields),
      ...Object.entries(refused).map(([name, value]) => bad(name, 'OBJECT_DAMAGED', object('repository', cbor(value)))),
      bad('nothing but a header', 'OBJECT_DAMAGED', header('repository')),
      bad('fields out of order', 'OBJECT_DAMAGED', object('repository', unsortedCbor({ created, id: fields.id }))),
      bad(
        'bytes behind the record',
        'OBJECT_DAMAGED',
        Buffer.concat([object('repository', cbor(fields)), Buffer.of(0)]),
      ),
      bad('the record is cut short', 'OBJECT_DAMAGED', object('repository', cbor(fields)).subarray(0, -1)),
    ],
  };
}

export async function writerVectors(): Promise<VectorFile<Vector>> {
  const { ok, bad } = family({ key: `keys/writers/${hex(writer)}` });
  const fields = {
    id: hex(writer),
    repository: hex(repository),
    host: 'host-1',
    publicKey: writerSigner.publicKey,
    joinKey: (await joinKeys()).publicKey,
    created,
  };
  const made = (record: Uint8Array) => object('writer', record, writerSigner);
  const bytes = made(cbor(fields));
  const refused: Readonly<Record<string, unknown>> = {
    'the object of another writer': { ...fields, id: hex(other.writer) },
    'a repository that is none': { ...fields, repository: '' },
    'a host that is no text': { ...fields, host: 1 },
    'a field too many': { ...fields, later: 1 },
    'a time without its milliseconds': { ...fields, created: '2026-01-02T03:04:05Z' },
    'a public key of 31 bytes': { ...fields, publicKey: writerSigner.publicKey.subarray(1) },
    'a join key of 31 bytes': { ...fields, joinKey: fields.joinKey.subarray(1) },
    'a list': Object.values(fields),
  };
  return {
    about: 'Writers. holds: the fields of the record, bytes as hex.',
    vectors: [
      ok('a writer', bytes, { ...fields, publicKey: hex(fields.publicKey), joinKey: hex(fields.joinKey) }),
      ...Object.entries(refused).map(([name, value]) => bad(name, 'OBJECT_DAMAGED', made(cbor(value)))),
      bad('fields out of order', 'OBJECT_DAMAGED', made(unsortedCbor(fields))),
      bad('the type of an epoch', 'OBJECT_DAMAGED', object('epoch', cbor(fields), writerSigner)),
      bad('shorter than a signature', 'OBJECT_DAMAGED', bytes.subarray(0, 71)),
      bad('signed by another key', 'SIGNATURE_INVALID', object('writer', cbor(fields), other.signer)),
      bad('another host, not signed again', 'SIGNATURE_INVALID', changed(bytes, bytes.indexOf('host-1') + 5)),
      bad('a bit of the signature', 'SIGNATURE_INVALID', changed(bytes, -1)),
      bad('format version 2', 'FORMAT_NEWER', changed(bytes, 5, Buffer.of(2))),
    ],
  };
}
