import { createHash } from 'node:crypto';
import { openObject, signObject } from './keys/signed-object.ts';
import type { Signer } from './keys/signing.ts';
import { parseRemovalKey, parseSnapshotKey, removalKey } from './layout.ts';

/** A snapshot that is wanted no more on one target. */
export interface RemovedSnapshot {
  readonly key: string;
  /** SHA-256 of the object, hex: of another that comes to lie there, nothing was said. */
  readonly hash: string;
  /** Since when, by the clock of the target. ISO 8601. */
  readonly since: string;
}

/**
 * What a writer says that is wanted no more on one target: all of it that still matters there. The newest record of a writer counts,
 * and those before it are what was said before.
 */
export interface Removal {
  readonly repository: string;
  readonly writer: string;
  /** As the policy calls it: a record that is copied to another target says nothing there. */
  readonly target: string;
  readonly sequence: number;
  /** ISO 8601, by the clock of the target. */
  readonly created: string;
  readonly removed: readonly RemovedSnapshot[];
}

export function encodeRemoval(removal: Removal, signer: Signer): { readonly key: string; readonly bytes: Uint8Array } {
  const { repository, writer, target, sequence, created } = removal;
  const removed = removal.removed.map(({ key, hash, since }) => ({ key, hash: Buffer.from(hash, 'hex'), since }));
  const bytes = signObject('removal', { repository, writer, target, sequence, created, removed }, signer);
  return { key: removalKey({ writer, sequence, name: sha256(bytes) }), bytes };
}

/**
 * Reads the object under `key`, which its writer signed: `publicKeyOf` says with which key. Throws OBJECT_DAMAGED, FORMAT_NEWER,
 * SIGNATURE_INVALID.
 */
export function decodeRemoval(
  bytes: Uint8Array,
  o: { readonly key: string; readonly publicKey: Uint8Array; readonly repository: string },
): Removal {
  const { record, check, refuse } = openObject(bytes, 'removal', o.key);
  const name = parseRemovalKey(o.key) ?? refuse('that is not where a removal lies');
  if (sha256(bytes) !== name.name) refuse('its SHA-256 is not its name');
  check(o.publicKey);
  const removal: Removal = {
    repository: record.id('repository'),
    writer: record.id('writer'),
    target: record.text('target'),
    sequence: record.number('sequence'),
    created: record.time('created'),
    removed: record.records('removed').map((one) => {
      const entry = {
        key: one.text('key'),
        hash: Buffer.from(one.bytes('hash', 32)).toString('hex'),
        since: one.time('since'),
      };
      one.end();
      if (parseSnapshotKey(entry.key) === undefined) refuse('it removes what is no snapshot');
      return entry;
    }),
  };
  record.end();
  if (removal.writer !== name.writer || removal.sequence !== name.sequence) refuse('it belongs to another key');
  if (removal.repository !== o.repository) refuse('it belongs to another repository');
  return removal;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
