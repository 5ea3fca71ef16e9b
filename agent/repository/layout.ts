import { fail } from '../contract/index.ts';

/** The marker that makes a place a repository. */
export const REPOSITORY_KEY = 'repository';

export interface SnapshotName {
  /** 32 hex digits. */
  readonly writer: string;
  readonly job: string;
  /** Counts from 1 within one writer and job. */
  readonly sequence: number;
}

/** A record of a writer; the hash makes it certain that one key never means two things. */
export interface RemovalName {
  readonly writer: string;
  /** Counts from 1 within one writer and target. */
  readonly sequence: number;
  /** SHA-256 of the object, hex. */
  readonly name: string;
}

export interface EpochName {
  readonly domain: string;
  readonly epoch: string;
}

/** An object that is named by the SHA-256 of its bytes. */
export interface HashedName {
  readonly domain: string;
  readonly name: string;
}

const SEQUENCE_DIGITS = 10;
/** The highest number that a snapshot can have. */
export const LAST_SEQUENCE = 10 ** SEQUENCE_DIGITS - 1;
const ID = /^[0-9a-f]{32}$/;
const HASH = /^[0-9a-f]{64}$/;
// Not "." or "..", and nothing that a file system treats as hidden.
const JOB = /^[a-z0-9_-][a-z0-9._-]{0,127}$/;

const WRITER_KEY = /^keys\/writers\/([0-9a-f]{32})$/;
const EPOCH_KEY = /^keys\/epochs\/([0-9a-f]{32})\/([0-9a-f]{32})$/;
const PACK_KEY = /^packs\/([0-9a-f]{32})\/([0-9a-f]{2})\/(\2[0-9a-f]{62})$/;
const INDEX_KEY = /^indexes\/([0-9a-f]{32})\/([0-9a-f]{64})$/;
const SNAPSHOT_KEY = /^snapshots\/([0-9a-f]{32})\/([a-z0-9_-][a-z0-9._-]{0,127})\/([0-9]{10})$/;
const REMOVAL_KEY = /^removals\/([0-9a-f]{32})\/([0-9]{10})-([0-9a-f]{64})$/;
const SESSION_KEY = /^sessions\/([0-9a-f]{32})\/([0-9a-f]{32})$/;
const MARK_KEY = /^marks\/([0-9a-f]{32})\/([0-9a-f]{64})$/;
const APPROVAL_KEY = /^keys\/approvals\/([0-9a-f]{32})\/([0-9a-f]{64})$/;

export const APPROVALS_PREFIX = 'keys/approvals/';
export const WRITERS_PREFIX = 'keys/writers/';
export const EPOCHS_PREFIX = 'keys/epochs/';
export const SNAPSHOTS_PREFIX = 'snapshots/';
export const REMOVALS_PREFIX = 'removals/';
export const SESSIONS_PREFIX = 'sessions/';
export const MARKS_PREFIX = 'marks/';

export function writerKey(writer: string): string {
  return WRITERS_PREFIX + part(ID, writer);
}

export function parseWriterKey(key: string): string | undefined {
  return WRITER_KEY.exec(key)?.[1];
}

export function approvalPrefix(writer: string): string {
  return `${APPROVALS_PREFIX}${part(ID, writer)}/`;
}

/** `name`: the SHA-256 of the object, since one writer may be approved by several people, and again for another domain. */
export function approvalKey(writer: string, name: string): string {
  return approvalPrefix(writer) + part(HASH, name);
}

export function parseApprovalKey(key: string): { readonly writer: string; readonly name: string } | undefined {
  const [, writer, name] = APPROVAL_KEY.exec(key) ?? [];
  return writer !== undefined && name !== undefined ? { writer, name } : undefined;
}

export function epochPrefix(domain: string): string {
  return `${EPOCHS_PREFIX}${part(ID, domain)}/`;
}

export function epochKey(domain: string, epoch: string): string {
  return epochPrefix(domain) + part(ID, epoch);
}

export function parseEpochKey(key: string): EpochName | undefined {
  const [, domain, epoch] = EPOCH_KEY.exec(key) ?? [];
  return domain !== undefined && epoch !== undefined ? { domain, epoch } : undefined;
}

export function packPrefix(domain: string): string {
  return `packs/${part(ID, domain)}/`;
}

/** Two digits of the name make a folder, so that none grows to more than a 256th of the packs. */
export function packKey(domain: string, name: string): string {
  return `${packPrefix(domain)}${part(HASH, name).slice(0, 2)}/${name}`;
}

export function parsePackKey(key: string): HashedName | undefined {
  const [, domain, , name] = PACK_KEY.exec(key) ?? [];
  return domain !== undefined && name !== undefined ? { domain, name } : undefined;
}

export function indexPrefix(domain: string): string {
  return `indexes/${part(ID, domain)}/`;
}

export function indexKey(domain: string, name: string): string {
  return indexPrefix(domain) + part(HASH, name);
}

export function parseIndexKey(key: string): HashedName | undefined {
  const [, domain, name] = INDEX_KEY.exec(key) ?? [];
  return domain !== undefined && name !== undefined ? { domain, name } : undefined;
}

/** Of one writer, or of one of its jobs. */
export function snapshotPrefix(writer: string, job?: string): string {
  const prefix = `${SNAPSHOTS_PREFIX}${part(ID, writer)}/`;
  return job === undefined ? prefix : `${prefix}${part(JOB, job)}/`;
}

export function snapshotKey(writer: string, job: string, sequence: number): string {
  return snapshotPrefix(writer, job) + digitsOf(sequence);
}

export function parseSnapshotKey(key: string): SnapshotName | undefined {
  const [, writer, job, digits] = SNAPSHOT_KEY.exec(key) ?? [];
  const sequence = Number(digits);
  return writer !== undefined && job !== undefined && sequence >= 1 ? { writer, job, sequence } : undefined;
}

export function removalKey({ writer, sequence, name }: RemovalName): string {
  return `${REMOVALS_PREFIX}${part(ID, writer)}/${digitsOf(sequence)}-${part(HASH, name)}`;
}

export function parseRemovalKey(key: string): RemovalName | undefined {
  const [, writer, digits, name] = REMOVAL_KEY.exec(key) ?? [];
  const sequence = Number(digits);
  return writer !== undefined && name !== undefined && sequence >= 1 ? { writer, sequence, name } : undefined;
}

/** `session`: 16 random bytes, hex. */
export function sessionKey(writer: string, session: string): string {
  return `${SESSIONS_PREFIX}${part(ID, writer)}/${part(ID, session)}`;
}

export function parseSessionKey(key: string): { readonly writer: string; readonly session: string } | undefined {
  const [, writer, session] = SESSION_KEY.exec(key) ?? [];
  return writer !== undefined && session !== undefined ? { writer, session } : undefined;
}

export function markPrefix(domain: string): string {
  return `${MARKS_PREFIX}${part(ID, domain)}/`;
}

export function markKey(domain: string, name: string): string {
  return markPrefix(domain) + part(HASH, name);
}

export function parseMarkKey(key: string): HashedName | undefined {
  const [, domain, name] = MARK_KEY.exec(key) ?? [];
  return domain !== undefined && name !== undefined ? { domain, name } : undefined;
}

/** The order of keys is the order of numbers, so the digits must not run over. */
function digitsOf(sequence: number): string {
  const digits = String(sequence);
  if (!Number.isSafeInteger(sequence) || sequence < 1 || digits.length > SEQUENCE_DIGITS) invalid(digits);
  return digits.padStart(SEQUENCE_DIGITS, '0');
}

function part(shape: RegExp, text: string): string {
  return shape.test(text) ? text : invalid(text);
}

function invalid(text: string): never {
  fail({
    code: 'KEY_INVALID',
    message: `${JSON.stringify(text)} cannot be part of a key.`,
    origin: 'agent',
    permanent: true,
  });
}
