import { createHash } from 'node:crypto';
import { fail } from '../../contract/index.ts';
import { decode, encode, type Value } from '../encoding.ts';
import { CURVE_KEY_BYTES } from './curve-key.ts';
import { freshId } from './fresh-bytes.ts';
import { generateKeyPair, type KeyPair, publicKeyOf } from './hpke.ts';
import { readKeyFile, replaceKeyFile } from './key-file.ts';
import { RecordReader } from './record.ts';
import { generateSigner, type Signer, signerFrom } from './signing.ts';

/** A domain that this host writes to, and the public key of its epoch. There is no place here for an epoch's private key. */
export interface HostDomain {
  readonly id: string;
  readonly name: string;
  /** 32 bytes: see `domainKeys`. */
  readonly secret: Uint8Array;
  readonly epoch: {
    readonly id: string;
    readonly publicKey: Uint8Array;
    readonly created: string;
    readonly recipients: readonly string[];
  };
}

/** All that a host holds: it can write and find duplicates with it, and read nothing back. Ids are 32 hex. */
export interface HostKeys {
  readonly repository: string;
  readonly writer: string;
  readonly signer: Signer;
  /** X25519: secrets of shared domains are sealed to its public half. No epoch and no data key ever is. */
  readonly join: KeyPair;
  readonly domains: readonly HostDomain[];
  /** Which state of the file this was read from; absent before it was first saved. */
  readonly revision?: string;
}

/** 1 had no join key, and was never released. */
const VERSION = 2;
const DIGEST_BYTES = 32;

/** Fresh keys for a writer of a repository; not saved. */
export function newHostKeys(repository: string): HostKeys {
  const writer = freshId();
  return { repository, writer, signer: generateSigner(), join: generateKeyPair(), domains: [] };
}

/**
 * What `<stateFolder>/host-keys` holds; undefined when there is no such file. KEYS_EXPOSED when others can read or replace
 * it, KEY_DAMAGED, FORMAT_NEWER, KEYS_UNAVAILABLE when the system does not let us read it.
 */
export async function loadHostKeys(stateFolder: string): Promise<HostKeys | undefined> {
  const bytes = readKeyFile(stateFolder);
  if (bytes === undefined) return undefined;
  try {
    return decodeHostKeys(bytes);
  } finally {
    bytes.fill(0);
  }
}

/**
 * Stores the keys, durably, and returns them as they now stand. KEYS_CHANGED when another process stored others since these
 * were loaded, or made the file first: nothing was written then, and loading again shows what the other one did.
 */
export async function saveHostKeys(stateFolder: string, keys: HostKeys): Promise<HostKeys> {
  const bytes = encodeHostKeys(keys);
  try {
    const saved = decodeHostKeys(bytes);
    replaceKeyFile(stateFolder, bytes, (current) => (current && revisionOf(current)) === keys.revision);
    return saved;
  } finally {
    bytes.fill(0);
  }
}

/** CBOR ‖ its SHA-256: one flipped bit in a secret would otherwise only show as backups that share nothing with the last. */
function encodeHostKeys({ repository, writer, signer, join, domains }: HostKeys): Uint8Array {
  const fields = domains.map(({ id, name, secret, epoch }) => {
    const { publicKey, created, recipients } = epoch;
    return { id, name, secret, epoch: { id: epoch.id, publicKey, created, recipients } };
  });
  const seed = signer.seed;
  const record = encode({ version: VERSION, repository, writer, seed, joinKey: join.privateKey, domains: fields });
  const bytes = Buffer.concat([record, createHash('sha256').update(record).digest()]);
  for (const used of [seed, record]) used.fill(0);
  return bytes;
}

function decodeHostKeys(bytes: Uint8Array): HostKeys {
  const record = bytes.subarray(0, Math.max(0, bytes.length - DIGEST_BYTES));
  const digest = createHash('sha256').update(record).digest('hex');
  if (digest !== revisionOf(bytes)) damaged('its checksum is wrong');
  const reader = new RecordReader(decodeRecord(record), damaged);
  const version = reader.number('version');
  if (version > VERSION) newer(version);
  if (version < VERSION) older();
  const keys: HostKeys = {
    repository: reader.id('repository'),
    writer: reader.id('writer'),
    signer: signerFrom(reader.bytes('seed', CURVE_KEY_BYTES)),
    join: keyPairOf(reader.bytes('joinKey', CURVE_KEY_BYTES)),
    domains: reader.records('domains').map(readDomain),
    revision: digest,
  };
  reader.end();
  return keys;
}

function keyPairOf(privateKey: Uint8Array): KeyPair {
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}

function decodeRecord(record: Uint8Array): Value {
  try {
    return decode(record);
  } catch {
    return damaged('they are not in canonical form');
  }
}

function readDomain(reader: RecordReader): HostDomain {
  const epoch = reader.record('epoch');
  const domain: HostDomain = {
    id: reader.id('id'),
    name: reader.text('name'),
    secret: reader.bytes('secret', 32),
    epoch: {
      id: epoch.id('id'),
      publicKey: epoch.bytes('publicKey', CURVE_KEY_BYTES),
      created: epoch.time('created'),
      recipients: epoch.fingerprints('recipients'),
    },
  };
  epoch.end();
  reader.end();
  return domain;
}

function revisionOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(-DIGEST_BYTES)).toString('hex');
}

function damaged(reason: string): never {
  fail({
    code: 'KEY_DAMAGED',
    message: `The keys of this host are damaged: ${reason}.`,
    origin: 'key',
    permanent: true,
    hint: 'Bring the file back from a copy. Without one, `holdfast init` makes new keys; what was backed up stays readable with the recovery key.',
  });
}

function older(): never {
  fail({
    code: 'KEYS_OUTDATED',
    message: 'The keys of this host, and the repository they were made for, are of a version that was never released.',
    origin: 'key',
    permanent: true,
    hint: 'Use another state folder and an empty target, and run `holdfast init` again.',
  });
}

function newer(version: number): never {
  fail({
    code: 'FORMAT_NEWER',
    message: `The keys of this host have format version ${version}; this agent reads version ${VERSION}.`,
    origin: 'key',
    permanent: true,
    hint: 'Upgrade this agent to at least the version that wrote them.',
  });
}
