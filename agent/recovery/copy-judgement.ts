import { createHash } from 'node:crypto';
import { type Failure, fail, failureOf, type Range } from '../contract/index.ts';
import { parseCheckKey } from '../repository/check-key.ts';
import { decodeCheck, MAX_CHECK_BYTES } from '../repository/check-record.ts';
import { decodeApproval } from '../repository/keys/approval.ts';
import { decodeEpoch } from '../repository/keys/epoch.ts';
import { decodeWriter } from '../repository/keys/writer.ts';
import {
  parseApprovalKey,
  parseEpochKey,
  parseIndexKey,
  parseMarkKey,
  parsePackKey,
  parseSessionKey,
  parseSnapshotKey,
  parseWriterKey,
  REPOSITORY_KEY,
} from '../repository/layout.ts';
import { decodeMark } from '../repository/mark.ts';
import { decodeMarker } from '../repository/marker.ts';
import { checkHeader, HEADER_BYTES, MAX_OBJECT_BYTES } from '../repository/object.ts';
import { decodeSession } from '../repository/session.ts';
import { decodeSnapshot } from '../repository/snapshot.ts';
import { decodeVoid, isVoid } from '../repository/snapshot-void.ts';
import { type Store, tooLarge } from '../repository/store.ts';
import { sameKeys } from '../repository/vouched-writer.ts';
import type { Writers } from '../repository/writers.ts';

/**
 * What one copy of an object is. `unjudged`: of a newer format, or by somebody whose word does not count here; nobody who cannot read
 * it may call it damaged. `unread`: the target failed.
 */
export type CopyState =
  | { readonly state: 'whole' }
  | { readonly state: 'missing' | 'damaged' | 'unjudged' | 'unread'; readonly failure: Failure };

/** Failures that say who made an object, and not that it is not what he made. */
const UNJUDGED = new Set(['FORMAT_NEWER', 'WRITER_UNAPPROVED', 'WRITER_UNKNOWN', 'WRITER_FOREIGN']);

export type ObjectKind =
  | 'marker'
  | 'writer'
  | 'approval'
  | 'epoch'
  | 'pack'
  | 'index'
  | 'snapshot'
  | 'session'
  | 'mark'
  | 'check';

/** What says who is at work, what is to go and what was checked: no snapshot needs it. */
export function isRecord(key: string): boolean {
  return ['session', 'mark', 'check'].includes(kindOf(key) ?? '');
}

/** What lies under a key by this format; undefined for what is no object of it. */
export function kindOf(key: string): ObjectKind | undefined {
  if (key === REPOSITORY_KEY) return 'marker';
  if (parseWriterKey(key) !== undefined) return 'writer';
  if (parseApprovalKey(key) !== undefined) return 'approval';
  if (parseEpochKey(key) !== undefined) return 'epoch';
  if (parsePackKey(key) !== undefined) return 'pack';
  if (parseIndexKey(key) !== undefined) return 'index';
  if (parseSessionKey(key) !== undefined) return 'session';
  if (parseMarkKey(key) !== undefined) return 'mark';
  if (parseCheckKey(key) !== undefined) return 'check';
  return parseSnapshotKey(key) === undefined ? undefined : 'snapshot';
}

/** A check says how large it may be: of what is larger so much is read that this can be seen. */
function atMost(key: string): Range | undefined {
  return parseCheckKey(key) === undefined ? undefined : { offset: 0, length: MAX_CHECK_BYTES + 1 };
}

/** Tells whether a copy of an object is what was written, without opening anything: by its name, or by who signed it. */
export class CopyJudge {
  readonly #writers: Writers;
  readonly #snapshots: ReadonlySet<string>;

  /** `snapshots`: keys under which some target has a snapshot that can be read. */
  constructor(writers: Writers, snapshots: ReadonlySet<string>) {
    this.#writers = writers;
    this.#snapshots = snapshots;
  }

  /** What the one target of `alone` has under `key`, read to its end, or as far as anything of its kind goes; `size`: as it is listed. */
  async look(alone: Store, key: string, size = 0): Promise<CopyState> {
    try {
      if (size > MAX_OBJECT_BYTES) tooLarge(key);
      const hashed = parsePackKey(key) ?? parseIndexKey(key);
      if (hashed === undefined) this.#check(await alone.get(key, atMost(key)), key);
      else {
        const { sha256, start } = await alone.digest(key, HEADER_BYTES);
        checkHashed(key, hashed.name, sha256, start);
      }
      return { state: 'whole' };
    } catch (error) {
      const failure = failureOf(error, { code: 'TARGET_IO', origin: 'target' });
      if (failure.code === 'CANCELLED') throw error;
      if (failure.code === 'OBJECT_MISSING') return { state: 'missing', failure };
      if (failure.origin === 'target') return { state: 'unread', failure };
      return { state: UNJUDGED.has(failure.code) ? 'unjudged' : 'damaged', failure };
    }
  }

  /** The bytes of a whole copy on any target of `from`; undefined where there is none. */
  async whole(from: Store, key: string): Promise<Uint8Array | undefined> {
    if (from.targets.length === 0) return undefined;
    try {
      return await from.read(key, atMost(key), (bytes) => {
        const hashed = parsePackKey(key) ?? parseIndexKey(key);
        if (hashed === undefined) this.#check(bytes, key);
        else checkHashed(key, hashed.name, createHash('sha256').update(bytes).digest('hex'), bytes);
        return bytes;
      });
    } catch (error) {
      if (failureOf(error, { code: 'TARGET_IO', origin: 'target' }).code === 'CANCELLED') throw error;
      return undefined;
    }
  }

  #check(bytes: Uint8Array, key: string): void {
    const { repository, trustedKeyOf } = this.#writers;
    const kind = kindOf(key);
    if (kind === 'marker') this.#checkMarker(bytes);
    else if (kind === 'writer') this.#checkWriter(bytes, key);
    else if (kind === 'approval') decodeApproval(bytes, key);
    else if (kind === 'epoch') decodeEpoch(bytes, key, trustedKeyOf, repository);
    else if (kind === 'mark') decodeMark(bytes, { key, publicKeyOf: trustedKeyOf, repository });
    else if (kind === 'session' || kind === 'check') this.#checkSigned(bytes, key);
    else if (isVoid(bytes) && !this.#snapshots.has(key))
      decodeVoid(bytes, { key, publicKeyOf: trustedKeyOf, repository });
    else decodeSnapshot(bytes, { key, publicKeyOf: trustedKeyOf, repository });
  }

  /** What lies in the folder of its writer, and nobody else may have signed. */
  #checkSigned(bytes: Uint8Array, key: string): void {
    const { repository, trustedKeyOf } = this.#writers;
    const session = parseSessionKey(key);
    const writer = session?.writer ?? parseCheckKey(key)?.writer ?? '';
    const publicKey = trustedKeyOf(writer) ?? fail(this.#writers.unapproved(writer, key));
    if (session === undefined) decodeCheck(bytes, { key, publicKey, repository });
    else decodeSession(bytes, { key, publicKey, repository });
  }

  #checkMarker(bytes: Uint8Array): void {
    if (decodeMarker(bytes).id === this.#writers.repository) return;
    fail({
      code: 'OBJECT_DAMAGED',
      message: `${REPOSITORY_KEY} names another repository than all writers there`,
      origin: 'repository',
      permanent: true,
    });
  }

  /** A writer vouches for itself: what counts is that it names the keys that were approved. */
  #checkWriter(bytes: Uint8Array, key: string): void {
    const writer = decodeWriter(bytes, key);
    const known = this.#writers.get(writer.id);
    const isForeign = writer.repository !== this.#writers.repository;
    if (!isForeign && (known === undefined || sameKeys(writer, known))) return;
    fail({
      code: isForeign ? 'WRITER_FOREIGN' : 'WRITER_FORGED',
      message: isForeign ? `${key} belongs to another repository` : `${key} names other keys than its approvals`,
      origin: 'repository',
      permanent: true,
    });
  }
}

/** A hash that matches says that it is what was written; one that does not says nothing of what is newer. */
function checkHashed(key: string, name: string, sha256: string, start: Uint8Array): void {
  const isPack = parsePackKey(key) !== undefined;
  try {
    checkHeader(start, isPack ? 'pack' : 'index', key);
  } catch (error) {
    if (failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' }).code === 'FORMAT_NEWER' || sha256 === name)
      throw error;
  }
  if (sha256 === name) return;
  fail({
    code: isPack ? 'PACK_DAMAGED' : 'OBJECT_DAMAGED',
    message: `${key} is damaged: its SHA-256 is not its name`,
    origin: 'repository',
    permanent: true,
  });
}
