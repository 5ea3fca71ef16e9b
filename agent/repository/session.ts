import { openObject, signObject } from './keys/signed-object.ts';
import type { Signer } from './keys/signing.ts';
import { parseSessionKey, parseSnapshotKey, sessionKey } from './layout.ts';

/**
 * That a writer is at work in a domain and may be counting on packs that no snapshot needs yet. It ends when something lies where its
 * snapshot was to lie: nothing is written when it ends, so that a run that was killed does not look different from one that goes on.
 */
export interface Session {
  /** 16 random bytes, hex. */
  readonly id: string;
  readonly repository: string;
  readonly writer: string;
  readonly domain: string;
  /** The key of the snapshot that it is to end with: its own, or one of another writer that it copies. */
  readonly snapshot: string;
  /** Names of the marks that it knew of when it began, hex: it counts on nothing that those name. */
  readonly seen: readonly string[];
  /** By the clock of the writer; nothing rests on it. ISO 8601. */
  readonly created: string;
}

export function encodeSession(session: Session, signer: Signer): { readonly key: string; readonly bytes: Uint8Array } {
  const { id, repository, writer, domain, snapshot, created } = session;
  const seen = session.seen.map((name) => Buffer.from(name, 'hex'));
  const bytes = signObject('session', { id, repository, writer, domain, snapshot, seen, created }, signer);
  return { key: sessionKey(writer, id), bytes };
}

/** Reads the object under `key`, signed with `publicKey`. Throws OBJECT_DAMAGED, FORMAT_NEWER, SIGNATURE_INVALID. */
export function decodeSession(
  bytes: Uint8Array,
  o: { readonly key: string; readonly publicKey: Uint8Array; readonly repository: string },
): Session {
  const { record, check, refuse } = openObject(bytes, 'session', o.key);
  const name = parseSessionKey(o.key) ?? refuse('that is not where a session lies');
  check(o.publicKey);
  const session: Session = {
    id: record.id('id'),
    repository: record.id('repository'),
    writer: record.id('writer'),
    domain: record.id('domain'),
    snapshot: record.text('snapshot'),
    seen: record.hashes('seen', 32),
    created: record.time('created'),
  };
  record.end();
  if (session.id !== name.session || session.writer !== name.writer) refuse('it belongs to another key');
  if (session.repository !== o.repository) refuse('it belongs to another repository');
  if (parseSnapshotKey(session.snapshot) === undefined) refuse('it is to end with what is no snapshot');
  return session;
}
