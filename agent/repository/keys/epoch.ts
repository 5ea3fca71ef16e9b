import { timingSafeEqual } from 'node:crypto';
import { fail } from '../../contract/index.ts';
import { epochKey } from '../layout.ts';
import { HEADER_BYTES, objectHeader } from '../object.ts';
import { CURVE_KEY_BYTES } from './curve-key.ts';
import { freshId } from './fresh-bytes.ts';
import { generateKeyPair, publicKeyOf } from './hpke.ts';
import type { Identity } from './identity.ts';
import type { Recipient } from './recipient.ts';
import { sealTo } from './sealing.ts';
import { openObject, signObject } from './signed-object.ts';
import type { Signer } from './signing.ts';

/**
 * The life of one sealing key of a domain. Data keys are sealed to `publicKey`; its private half and the domain secret lie
 * in `sealed`, an OpenPGP message that each of the recipients can open. Ids are 32 hex, `created` is ISO 8601.
 */
export interface Epoch {
  readonly id: string;
  readonly domain: string;
  readonly domainName: string;
  readonly repository: string;
  readonly writer: string;
  readonly created: string;
  /** X25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Fingerprints of OpenPGP keys, lower-case hex, in the order of the policy. */
  readonly recipients: readonly string[];
  readonly sealed: Uint8Array;
}

/** What the recipients of an epoch can open. */
export interface EpochSecrets {
  /** X25519, 32 bytes: opens every frame of the epoch. */
  readonly privateKey: Uint8Array;
  /** 32 bytes: see `domainKeys`. */
  readonly domainSecret: Uint8Array;
}

/**
 * Makes a key pair, seals its private half and the domain secret to the recipients and forgets it: nothing on this host
 * can open the epoch afterwards. Throws RECIPIENT_MISSING, RECIPIENT_UNUSABLE, SEAL_MISMATCH.
 * `object` belongs under `keys/epochs/<domain>/<epoch>`.
 */
export async function createEpoch(o: {
  repository: string;
  writer: string;
  domain: { readonly id: string; readonly name: string; readonly secret: Uint8Array };
  recipients: readonly Recipient[];
  signer: Signer;
  created: Date;
}): Promise<{ epoch: Epoch; object: Uint8Array }> {
  const names = { repository: o.repository, domain: o.domain.id, id: freshId() };
  const { publicKey, privateKey } = generateKeyPair();
  const payload = encodePayload(names, { privateKey, domainSecret: o.domain.secret });
  privateKey.fill(0);
  const sealed = await sealTo(o.recipients, payload, o.created).finally(() => payload.fill(0));
  const fields = {
    ...names,
    domainName: o.domain.name,
    writer: o.writer,
    created: o.created.toISOString(),
    publicKey,
    recipients: o.recipients.map(({ fingerprint }) => fingerprint),
    sealed,
  };
  const object = signObject('epoch', fields, o.signer);
  // Read back as everyone else will read it, so that no object is stored that nobody accepts.
  return {
    epoch: decodeEpoch(object, epochKey(o.domain.id, names.id), () => o.signer.publicKey, o.repository),
    object,
  };
}

/**
 * Reads what lies under `key` in `repository`, signed by the writer it names. `publicKeyOf` says that writer's key. Throws
 * OBJECT_DAMAGED, FORMAT_NEWER, WRITER_UNKNOWN, SIGNATURE_INVALID. A good signature does not say that the writer may serve this domain.
 */
export function decodeEpoch(
  bytes: Uint8Array,
  key: string,
  publicKeyOf: (writer: string) => Uint8Array | undefined,
  repository: string,
): Epoch {
  const { record, check, refuse } = openObject(bytes, 'epoch', key);
  const epoch: Epoch = {
    id: record.id('id'),
    domain: record.id('domain'),
    domainName: record.text('domainName'),
    repository: record.id('repository'),
    writer: record.id('writer'),
    created: record.time('created'),
    publicKey: record.bytes('publicKey', CURVE_KEY_BYTES),
    recipients: record.fingerprints('recipients'),
    sealed: record.bytes('sealed'),
  };
  record.end();
  check(publicKeyOf(epoch.writer) ?? unknownWriter(key, epoch.writer));
  if (key !== epochKey(epoch.domain, epoch.id)) refuse('it is the object of another epoch');
  if (epoch.repository !== repository) refuse('it belongs to another repository');
  return epoch;
}

/**
 * Opens an epoch with the key of one recipient. WRONG_KEY when it is not one; KEY_DAMAGED when the message was changed;
 * EPOCH_FORGED when what was sealed is not the keys of this epoch. The caller wipes what it is given.
 */
export async function unlockEpoch(epoch: Epoch, identity: Identity): Promise<EpochSecrets> {
  if (!epoch.recipients.includes(identity.fingerprint)) notARecipient(epoch, identity.fingerprint);
  const payload = await identity.decrypt(epoch.sealed);
  try {
    return decodePayload(epoch, payload);
  } finally {
    payload.fill(0);
  }
}

interface Names {
  readonly repository: string;
  readonly domain: string;
  readonly id: string;
}

const PAYLOAD_BYTES = HEADER_BYTES + 3 * 16 + 2 * 32;

/** header (8, of an epoch) ‖ repository (16) ‖ domain (16) ‖ epoch (16) ‖ private key (32) ‖ domain secret (32). */
function encodePayload(names: Names, secrets: EpochSecrets): Uint8Array {
  const payload = Buffer.concat([payloadNames(names), secrets.privateKey, secrets.domainSecret]);
  if (payload.length === PAYLOAD_BYTES) return payload;
  payload.fill(0);
  throw new RangeError('An epoch is made of ids of 32 hex digits and a domain secret of 32 bytes');
}

function decodePayload(epoch: Epoch, payload: Uint8Array): EpochSecrets {
  const names = payloadNames(epoch);
  if (payload.length !== PAYLOAD_BYTES) forged(epoch);
  if (!timingSafeEqual(payload.subarray(0, names.length), names)) forged(epoch);
  const privateKey = payload.slice(PAYLOAD_BYTES - 64, PAYLOAD_BYTES - 32);
  // Whoever made the epoch could have published another key than the one sealed for the recipients.
  if (!timingSafeEqual(publicKeyOf(privateKey), epoch.publicKey)) {
    privateKey.fill(0);
    forged(epoch);
  }
  return { privateKey, domainSecret: payload.slice(PAYLOAD_BYTES - 32) };
}

function payloadNames({ repository, domain, id }: Names): Buffer {
  return Buffer.concat([objectHeader('epoch'), Buffer.from(repository + domain + id, 'hex')]);
}

function notARecipient(epoch: Epoch, fingerprint: string): never {
  fail({
    code: 'WRONG_KEY',
    message: `Key ${fingerprint} does not open epoch ${epoch.id} of domain ${epoch.domainName}.`,
    origin: 'key',
    permanent: true,
    hint: `It is sealed to ${epoch.recipients.join(', ')}.`,
  });
}

function forged(epoch: Epoch): never {
  fail({
    code: 'EPOCH_FORGED',
    message: `What is sealed in epoch ${epoch.id} of domain ${epoch.domainName} is not the keys of that epoch.`,
    origin: 'key',
    permanent: true,
    hint: `Writer ${epoch.writer} made it and cannot be trusted with this domain until it is known why.`,
  });
}

function unknownWriter(key: string, writer: string): never {
  fail({
    code: 'WRITER_UNKNOWN',
    message: `${key} is signed by ${writer}, and the repository has no such writer.`,
    origin: 'repository',
    permanent: true,
    hint: 'Compare with another copy of the repository; an object of keys/writers may be missing here.',
  });
}
