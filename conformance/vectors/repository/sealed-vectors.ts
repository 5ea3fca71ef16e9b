import { domain, epochId, indexKey, other, otherEpochPrivateKey, ownBirth, readerKeys } from './domain-keys.ts';
import { changed, header, latin1, sealedRecord } from './reference-writer.ts';
import { family } from './refused.ts';
import { hex, type Vector, type VectorFile } from './vector.ts';

export async function sealedRecordVectors(): Promise<VectorFile<Vector>> {
  const { domain: domainId, domainSecret } = await readerKeys();
  const keys = { domain: domainId, domainSecret };
  const record = latin1('what is sealed');
  const aad = Buffer.concat([header('pack'), domain]);
  const { ok, bad } = family({ keys, with: { kind: 'table', aad: hex(aad) } });
  const bytes = sealedRecord('record', indexKey, 'table', aad, record);
  const as = (kind: 'table' | 'index' | 'references') =>
    ok(`a record of kind ${kind}`, sealedRecord('record', indexKey, kind, aad, record), hex(record), {
      with: { kind, aad: hex(aad) },
    });
  return {
    about:
      'Sealed records. keys: the domain and its secret. with: the kind of the record, and the associated data. holds: the record. ' +
      'Damage is OBJECT_DAMAGED here; where a table is sealed so, it is TABLE_DAMAGED.',
    vectors: [
      as('table'),
      as('index'),
      as('references'),
      ok('an empty record', sealedRecord('record', indexKey, 'table', aad, Buffer.alloc(0)), ''),
      bad('another index key', 'WRONG_KEY', bytes, { keys: { ...keys, domainSecret: other.domainSecret } }),
      bad('another kind', 'OBJECT_DAMAGED', sealedRecord('record', indexKey, 'index', aad, record)),
      bad('other associated data', 'OBJECT_DAMAGED', sealedRecord('record', indexKey, 'table', header('pack'), record)),
      bad('a bit of the salt', 'OBJECT_DAMAGED', changed(bytes, 0)),
      bad('a bit of the key check', 'OBJECT_DAMAGED', changed(bytes, 32)),
      bad('a bit of the ciphertext', 'OBJECT_DAMAGED', changed(bytes, 40)),
      bad('a bit of the tag', 'OBJECT_DAMAGED', changed(bytes, -1)),
      bad('shorter than salt, check and tag', 'OBJECT_DAMAGED', bytes.subarray(0, 55)),
    ],
  };
}

export async function birthVectors(): Promise<VectorFile<Vector>> {
  const { domain: domainId, epochPrivateKey } = await readerKeys();
  const keys = { domain: domainId, epochPrivateKey };
  const { record, frameKey } = await ownBirth('birth');
  const { ok, bad } = family({ keys });
  const wrong = (name: string, bytes: Uint8Array, over = {}) => bad(name, 'WRONG_KEY', bytes, over);
  return {
    about: 'Births. keys: the domain and the private key of the epoch. holds: the frame key.',
    vectors: [
      ok('a birth', record, hex(frameKey)),
      wrong('another epoch key', record, { keys: { ...keys, epochPrivateKey: await otherEpochPrivateKey() } }),
      wrong('another domain', record, { keys: { ...keys, domain: hex(other.domain) } }),
      wrong('a bit of the salt', changed(record, 0)),
      wrong('a bit of the epoch id', changed(record, epochId.length + 31)),
      wrong('a bit of enc', changed(record, 48)),
      wrong('enc of low order', changed(record, 48, Buffer.alloc(32))),
      wrong('a bit of the sealed data key', changed(record, 80)),
      wrong('a commitment to another data key', changed(record, 159)),
    ],
  };
}
