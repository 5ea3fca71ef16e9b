import { createHash } from 'node:crypto';
import { damaged } from '../damage.ts';
import { decode, encode } from '../encoding.ts';
import { approvalKey, parseApprovalKey } from '../layout.ts';
import { littleEndian } from '../little-endian.ts';
import { checkHeader, HEADER_BYTES, objectHeader } from '../object.ts';
import type { Refuse } from '../record-fields.ts';
import { CURVE_KEY_BYTES } from './curve-key.ts';
import { hpkeOpen, hpkeSeal } from './hpke.ts';
import { RecordReader } from './record.ts';

/** The secret of a shared domain, for one writer. */
export interface SealedDomain {
  /** 32 hex. */
  readonly id: string;
  readonly name: string;
  /** enc ‖ HPKE, 80 bytes. */
  readonly sealed: Uint8Array;
}

/**
 * Somebody who can open backups says: this key is that of this host, and it may have these secrets. Ids are 32 hex, `created` is
 * ISO 8601, `approver` the fingerprint of an OpenPGP key.
 */
export interface Approval {
  readonly repository: string;
  readonly writer: string;
  readonly host: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** X25519, 32 bytes. */
  readonly joinKey: Uint8Array;
  readonly domains: readonly SealedDomain[];
  readonly approver: string;
  readonly created: string;
}

/** What an approval says as long as nobody has looked at who signed it: nothing of it may be used before. */
export interface UncheckedApproval {
  readonly claims: Approval;
  /** What is signed. */
  readonly statement: Uint8Array;
  /** One OpenPGP signature, binary. */
  readonly signature: Uint8Array;
}

const LABEL = Buffer.from('holdfast v1 join', 'latin1');
const SECRET_BYTES = 32;
const SEALED_BYTES = CURVE_KEY_BYTES + SECRET_BYTES + 16;
const LENGTH_BYTES = 4;

/** header (8) ‖ length of the record, u32 ‖ CBOR: what the approver signs. */
export function encodeStatement(approval: Approval): Uint8Array {
  const { repository, writer, host, publicKey, joinKey, approver, created } = approval;
  const domains = approval.domains.map(({ id, name, sealed }) => ({ id, name, sealed }));
  const record = encode({ repository, writer, host, publicKey, joinKey, domains, approver, created });
  const length = littleEndian(Uint32Array.of(record.length));
  return new Uint8Array(Buffer.concat([objectHeader('approval'), length, record]));
}

/** A statement that nobody has signed yet. `name` is said in failures: OBJECT_DAMAGED, FORMAT_NEWER. */
export function decodeStatement(bytes: Uint8Array, name: string): Approval {
  const { claims, signature } = takeApart(bytes, name);
  return signature.length === 0 ? claims : damaged('OBJECT_DAMAGED', `${name} holds more than a statement.`);
}

/** The object of a statement and its signature, and where it belongs. */
export function encodeApproval(statement: Uint8Array, signature: Uint8Array): { key: string; object: Uint8Array } {
  const object = new Uint8Array(Buffer.concat([statement, signature]));
  const { writer } = decodeStatement(statement, 'the statement');
  return { key: approvalKey(writer, createHash('sha256').update(object).digest('hex')), object };
}

/** Reads what lies under `key`: OBJECT_DAMAGED, FORMAT_NEWER. Who signed it is another matter. */
export function decodeApproval(bytes: Uint8Array, key: string): UncheckedApproval {
  const unchecked = takeApart(bytes, key);
  const name = parseApprovalKey(key);
  if (name === undefined || createHash('sha256').update(bytes).digest('hex') !== name.name) {
    damaged('OBJECT_DAMAGED', `${key} is damaged: its SHA-256 is not its name.`);
  }
  if (name.writer !== unchecked.claims.writer) {
    damaged('OBJECT_DAMAGED', `${key} is damaged: it is the approval of another writer.`);
  }
  return unchecked;
}

function takeApart(bytes: Uint8Array, name: string): UncheckedApproval {
  const refuse = (reason: string): never => damaged('OBJECT_DAMAGED', `${name} is damaged: ${reason}.`);
  checkHeader(bytes, 'approval', name);
  const start = HEADER_BYTES + LENGTH_BYTES;
  if (bytes.length < start) refuse('it is too short');
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(HEADER_BYTES, true);
  if (length > bytes.length - start) refuse('its record is cut short');
  const statement = bytes.subarray(0, start + length);
  const claims = claimsOf(statement.subarray(start), refuse);
  return { claims, statement, signature: bytes.subarray(statement.length) };
}

function claimsOf(record: Uint8Array, refuse: Refuse): Approval {
  const reader = new RecordReader(decode(record, refuse), refuse);
  const approval: Approval = {
    repository: reader.id('repository'),
    writer: reader.id('writer'),
    host: reader.text('host'),
    publicKey: reader.bytes('publicKey', CURVE_KEY_BYTES),
    joinKey: reader.bytes('joinKey', CURVE_KEY_BYTES),
    domains: reader.records('domains').map((domain) => {
      const read = { id: domain.id('id'), name: domain.text('name'), sealed: domain.bytes('sealed', SEALED_BYTES) };
      domain.end();
      return read;
    }),
    approver: reader.fingerprint('approver'),
    created: reader.time('created'),
  };
  reader.end();
  return approval;
}

/** Whose secret it is: a sealed one cannot be put into the approval of another writer, nor under another domain. */
export interface JoinNames {
  readonly repository: string;
  readonly writer: string;
  readonly domain: string;
}

/** Seals a domain's secret (32 bytes) to a writer's join key. KEY_DAMAGED when that is no usable key. */
export function sealDomainSecret(names: JoinNames, joinKey: Uint8Array, secret: Uint8Array): Uint8Array {
  const { enc, sealed } = hpkeSeal(joinKey, LABEL, joinContext(names), secret);
  return new Uint8Array(Buffer.concat([enc, sealed]));
}

/** The secret; undefined when it was sealed for another writer, repository or domain, or was changed. */
export function openDomainSecret(names: JoinNames, joinKey: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  const [enc, rest] = [sealed.subarray(0, CURVE_KEY_BYTES), sealed.subarray(CURVE_KEY_BYTES)];
  return hpkeOpen(joinKey, enc, LABEL, joinContext(names), rest);
}

function joinContext({ repository, domain, writer }: JoinNames): Buffer {
  return Buffer.from(repository + domain + writer, 'hex');
}
