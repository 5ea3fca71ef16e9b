import { writerKey } from '../layout.ts';
import { CURVE_KEY_BYTES } from './curve-key.ts';
import { openObject, signObject } from './signed-object.ts';
import type { Signer } from './signing.ts';

/** Who may sign snapshots, logs and epochs: one host's agent. Ids are 32 hex, `created` is ISO 8601. */
export interface Writer {
  readonly id: string;
  readonly repository: string;
  readonly host: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** X25519, 32 bytes: secrets of shared domains are sealed to it, and nothing else. */
  readonly joinKey: Uint8Array;
  readonly created: string;
}

/** The object `keys/writers/<writer>`, signed with the key that it names. */
export function encodeWriter(writer: Writer, signer: Signer): Uint8Array {
  const { id, repository, host, publicKey, joinKey, created } = writer;
  return signObject('writer', { id, repository, host, publicKey, joinKey, created }, signer);
}

/**
 * Reads what lies under `key`. That it is signed by its own key shows that someone holds that key, not that the writer may
 * be trusted. Throws OBJECT_DAMAGED, FORMAT_NEWER, SIGNATURE_INVALID.
 */
export function decodeWriter(bytes: Uint8Array, key: string): Writer {
  const { record, check, refuse } = openObject(bytes, 'writer', key);
  const writer: Writer = {
    id: record.id('id'),
    repository: record.id('repository'),
    host: record.text('host'),
    publicKey: record.bytes('publicKey', CURVE_KEY_BYTES),
    joinKey: record.bytes('joinKey', CURVE_KEY_BYTES),
    created: record.time('created'),
  };
  record.end();
  check(writer.publicKey);
  if (key !== writerKey(writer.id)) refuse('it is the object of another writer');
  return writer;
}
