import { createHash } from 'node:crypto';
import { fail } from '../contract/index.ts';
import { damaged } from './damage.ts';
import { decode, encode } from './encoding.ts';
import { createBirth, openBirth } from './frame.ts';
import { aeadOpen, aeadSeal, deriveKey, KEY_BYTES, NONCE_BYTES } from './keys/aead.ts';
import { SIGNATURE_BYTES, type Signer, verifySignature } from './keys/signing.ts';
import { parseSnapshotKey } from './layout.ts';
import { littleEndian } from './little-endian.ts';
import { checkHeader, HEADER_BYTES, MAX_OBJECT_BYTES, objectHeader } from './object.ts';
import type { Refuse } from './record-fields.ts';
import { decodeReferences, encodeReferences, type References } from './references.ts';
import { openRecord, sealRecord } from './sealed.ts';
import { bodyOf, bodyValue, type SnapshotBody } from './snapshot-body.ts';
import { headerOf, headerValue, type SnapshotHeader } from './snapshot-header.ts';
import { BIRTH_BYTES, decodeBirth, encodeBirth } from './table.ts';

export type { BirthReferences, References } from './references.ts';
export type { ArtifactBody, PageRef, SnapshotBody } from './snapshot-body.ts';
export type { ArtifactSummary, SnapshotHeader } from './snapshot-header.ts';

/** A snapshot whose signature held. What is sealed in it is opened when asked for. */
export interface OpenedSnapshot {
  readonly header: SnapshotHeader;
  /** SHA-256 of the object, hex; its first 8 digits are the id shown to people. */
  readonly hash: string;
  /** Which frames it needs. WRONG_KEY for the index key of another domain. */
  references(indexKey: Uint8Array): References;
  /** Where its content lies. WRONG_KEY for the key of another epoch. */
  body(epochPrivateKey: Uint8Array): SnapshotBody;
}

const BODY_LABEL = 'holdfast v1 body';
const NONCE = new Uint8Array(NONCE_BYTES);

/**
 * header | header record: u32, CBOR | references: u32, sealed | birth 160 | body: u32, sealed | Ed25519 signature over all before.
 * SNAPSHOT_INVALID for what could not be read back, OBJECT_TOO_LARGE beyond 64 MiB. `hash` is the SHA-256 of `bytes`.
 */
export function encodeSnapshot(o: {
  header: SnapshotHeader;
  references: References;
  body: SnapshotBody;
  keys: { indexKey: Uint8Array; epochPublicKey: Uint8Array; signer: Signer };
}): { bytes: Uint8Array; hash: string } {
  const header = encode(headerValue(o.header));
  const body = encode(bodyValue(o.body));
  if (header.length + body.length > MAX_OBJECT_BYTES) tooLarge(header.length + body.length);
  // Read as a stranger would: what is signed can never be unreadable.
  bodyOf(decode(body), headerOf(decode(header), invalid).artifacts, invalid);
  const aad = contextOf(header);
  const references = sealRecord(o.keys.indexKey, 'references', aad, encodeReferences(o.references));
  const { birth, sealed } = sealBody(o.header, o.keys.epochPublicKey, aad, body);
  const signed = Buffer.concat([
    objectHeader('snapshot'),
    prefixed(header),
    prefixed(references),
    birth,
    prefixed(sealed),
  ]);
  if (signed.length + SIGNATURE_BYTES > MAX_OBJECT_BYTES) tooLarge(signed.length);
  const bytes = new Uint8Array(Buffer.concat([signed, o.keys.signer.sign(signed)]));
  return { bytes, hash: sha256(bytes).toString('hex') };
}

/**
 * Reads the object under `key`. The writer is the one that the key names, and its signature is checked before anything is
 * read: WRITER_UNKNOWN, SIGNATURE_INVALID. OBJECT_DAMAGED also for a snapshot that was moved from another key.
 */
export function decodeSnapshot(
  bytes: Uint8Array,
  o: { key: string; publicKeyOf(writer: string): Uint8Array | undefined; repository: string },
): OpenedSnapshot {
  const refuse = (reason: string): never => damaged('OBJECT_DAMAGED', `${o.key} is damaged: ${reason}.`);
  checkHeader(bytes, 'snapshot', o.key);
  const name = parseSnapshotKey(o.key) ?? refuse('that is not where a snapshot lies');
  const end = bytes.length - SIGNATURE_BYTES;
  if (end < HEADER_BYTES) refuse('it is cut short');
  const publicKey = o.publicKeyOf(name.writer) ?? writerUnknown(o.key, name.writer);
  if (!verifySignature(publicKey, bytes.subarray(0, end), bytes.subarray(end))) signatureInvalid(o.key);
  const parts = partsOf(bytes.subarray(0, end), refuse);
  const header = headerOf(decode(parts.header, refuse), refuse);
  const { writer, job, sequence } = header;
  const here = writer === name.writer && job === name.job && sequence === name.sequence;
  if (!here) refuse('it belongs to another key');
  if (header.repository !== o.repository) refuse('it belongs to another repository');
  return { header, hash: sha256(bytes).toString('hex'), ...sealedParts(parts, header, o.key, refuse) };
}

interface Parts {
  readonly header: Uint8Array;
  readonly references: Uint8Array;
  readonly birth: Uint8Array;
  readonly body: Uint8Array;
}

function partsOf(signed: Uint8Array, refuse: Refuse): Parts {
  let at = HEADER_BYTES;
  const take = (length: number): Uint8Array => {
    if (length > signed.length - at) refuse('a part is cut short');
    at += length;
    return signed.subarray(at - length, at);
  };
  const part = (): Uint8Array => {
    const length = take(4);
    return take(new DataView(length.buffer, length.byteOffset, 4).getUint32(0, true));
  };
  const parts = { header: part(), references: part(), birth: take(BIRTH_BYTES), body: part() };
  if (at !== signed.length) refuse('there is more behind its end');
  return parts;
}

function sealedParts(
  parts: Parts,
  header: SnapshotHeader,
  key: string,
  refuse: Refuse,
): Pick<OpenedSnapshot, 'references' | 'body'> {
  const aad = contextOf(parts.header);
  return {
    references: (indexKey) => {
      const damage = { code: 'OBJECT_DAMAGED', name: key } as const;
      return decodeReferences(openRecord(indexKey, 'references', aad, parts.references, damage), key);
    },
    body: (epochPrivateKey) => {
      const birth = decodeBirth(parts.birth, 0);
      if (Buffer.from(birth.epoch).toString('hex') !== header.epoch) refuse('its body is sealed to another epoch');
      const frameKey = openBirth(birth, Buffer.from(header.domain, 'hex'), epochPrivateKey);
      const body =
        aeadOpen(bodyKey(frameKey, birth.salt), NONCE, parts.body, aad) ?? refuse('its body is not what was sealed');
      return bodyOf(decode(body, refuse), header.artifacts, refuse);
    },
  };
}

function sealBody(header: SnapshotHeader, epochPublicKey: Uint8Array, aad: Uint8Array, body: Uint8Array) {
  const [domain, epoch] = [Buffer.from(header.domain, 'hex'), Buffer.from(header.epoch, 'hex')];
  const { birth, frameKey } = createBirth({ domain, epoch, epochPublicKey, sealing: Buffer.concat([aad, body]) });
  return { birth: encodeBirth(birth), sealed: aeadSeal(bodyKey(frameKey, birth.salt), NONCE, body, aad) };
}

/** Used once, because the birth is this snapshot's own: so its nonce is zero. Takes the frame key, and wipes it. */
function bodyKey(frameKey: Uint8Array, salt: Uint8Array): Uint8Array {
  const key = deriveKey(frameKey, salt, BODY_LABEL, KEY_BYTES);
  frameKey.fill(0);
  return key;
}

/** Both sealed parts are bound to the header they stand under. */
function contextOf(header: Uint8Array): Uint8Array {
  return Buffer.concat([objectHeader('snapshot'), sha256(header)]);
}

function prefixed(part: Uint8Array): Uint8Array {
  return Buffer.concat([littleEndian(Uint32Array.of(part.length)), part]);
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function invalid(reason: string): never {
  fail({
    code: 'SNAPSHOT_INVALID',
    message: `No snapshot was made: ${reason}.`,
    origin: 'agent',
    permanent: true,
    hint: 'This is a mistake in the agent: please report it.',
  });
}

function tooLarge(length: number): never {
  fail({
    code: 'OBJECT_TOO_LARGE',
    message: `A snapshot of ${length} bytes does not fit into one object.`,
    origin: 'agent',
    permanent: true,
    hint: 'Divide the job into several.',
  });
}

function writerUnknown(key: string, writer: string): never {
  fail({
    code: 'WRITER_UNKNOWN',
    message: `${key} names writer ${writer}, whose key is not known here.`,
    origin: 'repository',
    permanent: true,
    hint: 'Its object below keys/writers/ is missing or was not accepted; another target may hold it.',
  });
}

function signatureInvalid(key: string): never {
  fail({
    code: 'SIGNATURE_INVALID',
    message: `The signature of ${key} is not that of the writer it names.`,
    origin: 'repository',
    permanent: true,
    hint: 'The object was changed or forged after it was written. Compare with another copy of the repository.',
  });
}
