import { domain, other, repository, writer, writerSigner } from './domain-keys.ts';
import { cbor, changed, fixed, object, sha256 } from './reference-writer.ts';
import { family } from './refused.ts';
import { hex, type Vector, type VectorFile } from './vector.ts';

const created = '2026-03-04T05:06:07.008Z';
const keys = { repository: hex(repository), [`writer ${hex(writer)}`]: hex(writerSigner.publicKey) };
type Signer = typeof writerSigner;

/** Where a removal lies: under its own hash. */
export function removalKey(bytes: Uint8Array, sequence = 1, by: Uint8Array = writer): string {
  return `removals/${hex(by)}/${String(sequence).padStart(10, '0')}-${hex(sha256(bytes))}`;
}

/** A removal of the one writer, with other fields; of target `vault`. */
export function removal(changes: object = {}, by: Signer = writerSigner): Buffer {
  const fields = {
    repository: hex(repository),
    writer: hex(writer),
    target: 'vault',
    sequence: 1,
    created,
    removed: [],
  };
  return object('removal', cbor({ ...fields, ...changes }), by);
}

export function removalVectors(): VectorFile<Vector> {
  const { ok, bad } = family({ keys });
  const entry = { key: `snapshots/${hex(writer)}/app/0000000003`, hash: fixed('a snapshot', 32), since: created };
  const removed = [entry, { ...entry, key: `snapshots/${hex(other.writer)}/app/0000000001` }];
  const bytes = removal({ removed });
  const at = (of: Uint8Array) => ({ key: removalKey(of) });
  const holds = {
    ...{ repository: hex(repository), writer: hex(writer), target: 'vault', sequence: 1, created },
    removed: removed.map((one) => ({ ...one, hash: hex(one.hash) })),
  };
  const malformed: Readonly<Record<string, object>> = {
    'a field too many': { later: 1 },
    'a target that is no text': { target: 1 },
    'a time without its milliseconds': { created: '2026-03-04T05:06:07Z' },
    'removed that is no list': { removed: entry.key },
    'an entry with a field too many': { removed: [{ ...entry, later: 1 }] },
    'a hash of 31 bytes': { removed: [{ ...entry, hash: entry.hash.subarray(1) }] },
    'what is no snapshot': { removed: [{ ...entry, key: 'repository' }] },
    'the record of another sequence': { sequence: 2 },
    'the record of another writer': { writer: hex(other.writer) },
    'a removal of another repository': { repository: hex(other.repository) },
  };
  const forged = removal({ removed }, other.signer);
  const newer = changed(bytes, 5, Buffer.of(2));
  const short = bytes.subarray(0, 40);
  return {
    about:
      'Removals. keys: the id of the repository, and the public key of the writer. holds: the fields of the record, hashes as hex.',
    vectors: [
      ok('two snapshots', bytes, holds, at(bytes)),
      ok('nothing any more', removal(), { ...holds, removed: [] }, at(removal())),
      ...Object.entries(malformed).map(([name, changes]) => {
        const made = removal(changes);
        return bad(name, 'OBJECT_DAMAGED', made, at(made));
      }),
      bad('a name that is not its hash', 'OBJECT_DAMAGED', bytes, at(removal())),
      bad('shorter than a signature', 'OBJECT_DAMAGED', short, at(short)),
      bad('signed by another', 'SIGNATURE_INVALID', forged, at(forged)),
      bad('format version 2', 'FORMAT_NEWER', newer, at(newer)),
    ],
  };
}

export function sessionVectors(): VectorFile<Vector> {
  const id = fixed('session', 16);
  const { ok, bad } = family({ key: `sessions/${hex(writer)}/${hex(id)}`, keys });
  const snapshot = `snapshots/${hex(writer)}/app/0000000004`;
  const names = { id: hex(id), repository: hex(repository), writer: hex(writer), domain: hex(domain), snapshot };
  const seen = [fixed('a mark', 32), fixed('another mark', 32)];
  const made = (changes: object, by: Signer = writerSigner) =>
    object('session', cbor({ ...names, seen, created, ...changes }), by);
  const bytes = made({});
  const malformed: Readonly<Record<string, object>> = {
    'a field too many': { later: 1 },
    'a name of a mark of 31 bytes': { seen: [fixed('a mark', 31)] },
    'seen that is no list': { seen: 1 },
    'a time without its milliseconds': { created: '2026-03-04T05:06:07Z' },
    'that it is to end with what is no snapshot': { snapshot: 'repository' },
    'the object of another session': { id: hex(fixed('another session', 16)) },
    'the object of another writer': { writer: hex(other.writer) },
    'a session of another repository': { repository: hex(other.repository) },
  };
  return {
    about:
      'Sessions. keys: the id of the repository, and the public key of the writer. holds: the fields of the record, bytes as hex.',
    vectors: [
      ok('a session that saw two marks', bytes, { ...names, seen: seen.map(hex), created }),
      ...Object.entries(malformed).map(([name, changes]) => bad(name, 'OBJECT_DAMAGED', made(changes))),
      bad('shorter than a signature', 'OBJECT_DAMAGED', bytes.subarray(0, 40)),
      bad('signed by another', 'SIGNATURE_INVALID', made({}, other.signer)),
      bad('another domain, not signed again', 'SIGNATURE_INVALID', otherDomain(bytes)),
      bad('format version 2', 'FORMAT_NEWER', changed(bytes, 5, Buffer.of(2))),
    ],
  };
}

export function markVectors(): VectorFile<Vector> {
  const { ok, bad } = family({ keys });
  const packs = [fixed('a pack', 32), fixed('another pack', 32)].sort(Buffer.compare);
  const names = { repository: hex(repository), writer: hex(writer), target: 'vault', domain: hex(domain), created };
  const made = (changes: object, by: Signer = writerSigner) =>
    object('mark', cbor({ ...names, packs, ...changes }), by);
  const at = (of: Uint8Array) => ({ key: `marks/${hex(domain)}/${hex(sha256(of))}` });
  const bytes = made({});
  const malformed: Readonly<Record<string, object>> = {
    'a field too many': { later: 1 },
    'a target that is no text': { target: 1 },
    'a name of a pack of 31 bytes': { packs: [fixed('a pack', 31)] },
    'packs that are no list': { packs: 1 },
    'a time without its milliseconds': { created: '2026-03-04T05:06:07Z' },
    'a mark of another domain': { domain: hex(other.domain) },
    'a mark of another repository': { repository: hex(other.repository) },
    'a writer that nobody trusts': { writer: hex(other.writer) },
  };
  const [short, forged, newer] = [bytes.subarray(0, 40), made({}, other.signer), changed(bytes, 5, Buffer.of(2))];
  return {
    about:
      'Marks. keys: the id of the repository, and the public keys of trusted writers. holds: the fields of the record, names as hex.',
    vectors: [
      ok('a mark of two packs', bytes, { ...names, packs: packs.map(hex) }, at(bytes)),
      ...Object.entries(malformed).map(([name, changes]) =>
        bad(name, 'OBJECT_DAMAGED', made(changes), at(made(changes))),
      ),
      bad('a name that is not its hash', 'OBJECT_DAMAGED', bytes, at(forged)),
      bad('shorter than a signature', 'OBJECT_DAMAGED', short, at(short)),
      bad('signed by another', 'SIGNATURE_INVALID', forged, at(forged)),
      bad('format version 2', 'FORMAT_NEWER', newer, at(newer)),
    ],
  };
}

/** The first digit of the domain, when it stands there as text. */
function otherDomain(bytes: Buffer): Buffer {
  return changed(bytes, bytes.indexOf(hex(domain)));
}
