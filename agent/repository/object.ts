import { fail } from '../contract/index.ts';
import { damaged } from './damage.ts';

export type ObjectType =
  | 'repository'
  | 'pack'
  | 'index'
  | 'snapshot'
  | 'log'
  | 'epoch'
  | 'writer'
  | 'session'
  | 'audit'
  | 'check'
  | 'approval'
  | 'removal'
  | 'mark'
  | 'void';

/** "HFST", type, format version, suite, 0. */
export const HEADER_BYTES = 8;
export const FORMAT_VERSION = 1;
/** Suite 1: SHA-256, HMAC-SHA-256, HKDF-SHA-256, AES-256-GCM, HPKE with X25519, Ed25519. */
export const SUITE = 1;
/** No object is larger, so that each is one PUT and fits in memory. */
export const MAX_OBJECT_BYTES = 64 * 1024 * 1024;

export const MAGIC: Uint8Array = Buffer.from('HFST', 'latin1');

// Numbers are never used again for another type.
const TYPE_NUMBERS: Readonly<Record<ObjectType, number>> = {
  repository: 1,
  pack: 2,
  index: 3,
  snapshot: 4,
  log: 5,
  epoch: 6,
  writer: 7,
  session: 8,
  audit: 9,
  check: 10,
  approval: 11,
  removal: 12,
  mark: 13,
  void: 14,
};

/** The first 8 bytes of an object of this type. */
export function objectHeader(type: ObjectType): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  header.set(MAGIC);
  header[4] = TYPE_NUMBERS[type];
  header[5] = FORMAT_VERSION;
  header[6] = SUITE;
  return header;
}

/** Whether bytes say that they are an object of this type; whether they are is not known by that. */
export function isOfType(bytes: Uint8Array, type: ObjectType): boolean {
  return Buffer.compare(bytes.subarray(0, MAGIC.length), MAGIC) === 0 && bytes[4] === TYPE_NUMBERS[type];
}

/**
 * Refuses bytes that do not start as an object of this type: NOT_A_REPOSITORY (a marker without our magic), FORMAT_NEWER
 * (written by a newer agent: nothing may be concluded about the rest), OBJECT_DAMAGED. `key` is named in the message.
 */
export function checkHeader(bytes: Uint8Array, type: ObjectType, key: string): void {
  const header = bytes.subarray(0, HEADER_BYTES);
  if (Buffer.compare(header.subarray(0, 4), MAGIC) !== 0) {
    if (type === 'repository') notARepository(key);
    damaged('OBJECT_DAMAGED', `${key} is damaged: it does not start as an object of a Holdfast repository.`);
  }
  if (header.length < HEADER_BYTES) damaged('OBJECT_DAMAGED', `${key} is damaged: it ends inside its header.`);
  const [version, suite] = [header[5] ?? 0, header[6] ?? 0];
  // The version comes before the type: a newer format may have types that we have never heard of.
  if (version > FORMAT_VERSION || (version === FORMAT_VERSION && suite > SUITE)) newer(key, version, suite);
  if (header[4] !== TYPE_NUMBERS[type])
    damaged('OBJECT_DAMAGED', `${key} is damaged: it is not an object of type ${type}.`);
  if (version === 0 || suite === 0 || header[7] !== 0)
    damaged('OBJECT_DAMAGED', `${key} is damaged: its header holds a value that was never written.`);
}

function notARepository(key: string): never {
  fail({
    code: 'NOT_A_REPOSITORY',
    message: `${key} is not the marker of a Holdfast repository.`,
    origin: 'repository',
    permanent: true,
    hint: 'Check the path of the target; `holdfast init` makes a repository in an empty place.',
  });
}

function newer(key: string, version: number, suite: number): never {
  fail({
    code: 'FORMAT_NEWER',
    message: `${key} has format version ${version}, suite ${suite}; this agent reads version ${FORMAT_VERSION}, suite ${SUITE}.`,
    origin: 'repository',
    permanent: true,
    hint: 'Upgrade this agent to at least the version that wrote the repository.',
  });
}
