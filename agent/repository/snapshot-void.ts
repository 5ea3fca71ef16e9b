import { createHash } from 'node:crypto';
import { type Failure, fail } from '../contract/index.ts';
import { openObject, signObject } from './keys/signed-object.ts';
import type { Signer } from './keys/signing.ts';
import { parseSnapshotKey } from './layout.ts';
import { isOfType } from './object.ts';

/**
 * That no snapshot will lie under a key any more. It lies there itself, so that the run that was to end there cannot: whoever prunes puts it
 * where a run has begun and never ended, and need not wait for it then.
 */
export interface SnapshotVoid {
  readonly repository: string;
  /** Who says so. */
  readonly writer: string;
  /** The key that it lies under. */
  readonly snapshot: string;
  /** SHA-256 of what lay under the number before, hex, so that the chain goes on; empty where nothing did. */
  readonly previous: string;
  /** By the clock of the writer; nothing rests on it. ISO 8601. */
  readonly created: string;
}

/** `hash`: SHA-256, hex, that the next snapshot names. */
export function encodeVoid(one: SnapshotVoid, signer: Signer): { readonly bytes: Uint8Array; readonly hash: string } {
  const { repository, writer, snapshot, created } = one;
  const previous = Buffer.from(one.previous, 'hex');
  const bytes = signObject('void', { repository, writer, snapshot, previous, created }, signer);
  return { bytes, hash: voidHash(bytes) };
}

/** Whether an object says that it is one. Nothing is checked. */
export function isVoid(bytes: Uint8Array): boolean {
  return isOfType(bytes, 'void');
}

/**
 * Reads the object under `key`; `publicKeyOf` says with which key its writer signs, undefined when nobody heeds it. Throws
 * OBJECT_DAMAGED, FORMAT_NEWER, SIGNATURE_INVALID, and WRITER_UNAPPROVED where nobody who is trusted made it.
 */
export function decodeVoid(
  bytes: Uint8Array,
  o: {
    readonly key: string;
    readonly publicKeyOf: (writer: string) => Uint8Array | undefined;
    readonly repository: string;
  },
): SnapshotVoid {
  const { record, check, refuse } = openObject(bytes, 'void', o.key);
  const previous = record.bytes('previous');
  const one: SnapshotVoid = {
    repository: record.id('repository'),
    writer: record.id('writer'),
    snapshot: record.text('snapshot'),
    previous: Buffer.from(previous).toString('hex'),
    created: record.time('created'),
  };
  record.end();
  check(o.publicKeyOf(one.writer) ?? fail(untrusted(o.key, one.writer)));
  if (one.snapshot !== o.key) refuse('it belongs to another key');
  if (one.repository !== o.repository) refuse('it belongs to another repository');
  if (parseSnapshotKey(o.key) === undefined) refuse('that is not where a snapshot lies');
  if (previous.length !== 32 && previous.length !== 0) refuse('what it follows is no hash');
  return one;
}

function untrusted(key: string, writer: string): Failure {
  return {
    code: 'WRITER_UNAPPROVED',
    message: `${key} is void by the word of writer ${writer.slice(0, 8)}, whom nobody trusts: it counts as nothing`,
    origin: 'repository',
    permanent: true,
  };
}

export function voidHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
