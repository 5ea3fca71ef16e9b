import { other, repository, writer, writerSigner } from './domain-keys.ts';
import { cbor, changed, fixed, object } from './reference-writer.ts';
import { family } from './refused.ts';
import { hex, type Vector, type VectorFile } from './vector.ts';

const created = '2026-03-04T05:06:07.008Z';
const snapshot = `snapshots/${hex(writer)}/app/0000000004`;

/** A void by the one writer, with other fields; there is nothing that it follows. */
export function voidObject(changes: object = {}, by: typeof writerSigner = writerSigner): Buffer {
  const fields = { repository: hex(repository), writer: hex(writer), snapshot, previous: Buffer.alloc(0), created };
  return object('void', cbor({ ...fields, ...changes }), by);
}

export function voidVectors(): VectorFile<Vector> {
  const keys = {
    repository: hex(repository),
    [`writer ${hex(writer)}`]: hex(writerSigner.publicKey),
    [`writer ${hex(other.writer)}`]: hex(other.signer.publicKey),
  };
  const { ok, bad } = family({ key: snapshot, keys });
  const previous = fixed('a snapshot', 32);
  const bytes = voidObject({ previous });
  const holds = { ...{ repository: hex(repository), writer: hex(writer), snapshot, created }, previous: hex(previous) };
  const malformed: Readonly<Record<string, object>> = {
    'a field too many': { later: 1 },
    'a hash of 31 bytes': { previous: previous.subarray(1) },
    'a hash as text': { previous: hex(previous) },
    'a time without its milliseconds': { created: '2026-03-04T05:06:07Z' },
    'the void of another key': { snapshot: snapshot.replace('4', '5') },
    'a void of another repository': { repository: hex(other.repository) },
  };
  const session = `sessions/${hex(writer)}/${hex(fixed('session', 16))}`;
  return {
    about:
      'Voids. keys: the id of the repository, and the public keys of trusted writers. holds: the fields of the record, the hash as hex.',
    vectors: [
      ok('where there was one before', bytes, holds),
      ok('where nothing was before', voidObject(), { ...holds, previous: '' }),
      ok('by another writer', voidObject({ writer: hex(other.writer) }, other.signer), {
        ...{ ...holds, previous: '' },
        writer: hex(other.writer),
      }),
      ...Object.entries(malformed).map(([name, changes]) => bad(name, 'OBJECT_DAMAGED', voidObject(changes))),
      bad('a writer that nobody trusts', 'WRITER_UNAPPROVED', voidObject({ writer: hex(fixed('nobody', 16)) })),
      bad('where no snapshot lies', 'OBJECT_DAMAGED', voidObject({ snapshot: session }), { key: session }),
      bad('shorter than a signature', 'OBJECT_DAMAGED', bytes.subarray(0, 40)),
      bad('signed by another', 'SIGNATURE_INVALID', voidObject({}, other.signer)),
      bad('format version 2', 'FORMAT_NEWER', changed(bytes, 5, Buffer.of(2))),
    ],
  };
}
