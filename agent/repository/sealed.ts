import { timingSafeEqual } from 'node:crypto';
import { type DamageCode, damaged, wrongKey } from './damage.ts';
import { aeadOpen, aeadSeal, deriveKey, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from './keys/aead.ts';
import { freshBytes } from './keys/fresh-bytes.ts';

const SALT_BYTES = 32;
const CHECK_BYTES = 8;
const NONCE = new Uint8Array(NONCE_BYTES);
const NO_SALT = new Uint8Array();

/** What sealing adds to a record: 32 bytes of salt, 8 of key check, 16 of tag. */
export const SEALED_OVERHEAD = SALT_BYTES + CHECK_BYTES + TAG_BYTES;

/** What the index key seals: each has a label of its own, so that none can stand in another's place. */
export type SealedKind = 'table' | 'index' | 'references';

/**
 * Seals a record under the index key: salt ‖ key check ‖ AES-256-GCM under HKDF(indexKey, salt, "holdfast v1 <kind>"). The key is
 * used once, because the salt is fresh and bound to the record; so the nonce is zero.
 */
export function sealRecord(indexKey: Uint8Array, kind: SealedKind, aad: Uint8Array, record: Uint8Array): Uint8Array {
  const salt = freshBytes(SALT_BYTES, indexKey, Buffer.from(kind), aad, record);
  const key = deriveKey(indexKey, salt, `holdfast v1 ${kind}`, KEY_BYTES);
  try {
    const sealed = aeadSeal(key, NONCE, record, aad);
    const bytes = new Uint8Array(SALT_BYTES + CHECK_BYTES + sealed.length);
    bytes.set(salt);
    bytes.set(keyCheck(indexKey), SALT_BYTES);
    bytes.set(sealed, SALT_BYTES + CHECK_BYTES);
    return bytes;
  } finally {
    key.fill(0);
  }
}

/** Opens what `sealRecord` made: WRONG_KEY for another index key, `code` for damage. `name` is said in the message. */
export function openRecord(
  indexKey: Uint8Array,
  kind: SealedKind,
  aad: Uint8Array,
  bytes: Uint8Array,
  { code, name }: { readonly code: DamageCode; readonly name: string },
): Uint8Array {
  if (bytes.length < SEALED_OVERHEAD) damaged(code, `${name} is damaged: its ${kind} is cut short.`);
  const key = deriveKey(indexKey, bytes.subarray(0, SALT_BYTES), `holdfast v1 ${kind}`, KEY_BYTES);
  const record = aeadOpen(key, NONCE, bytes.subarray(SALT_BYTES + CHECK_BYTES), aad);
  key.fill(0);
  const sameKey = timingSafeEqual(keyCheck(indexKey), bytes.subarray(SALT_BYTES, SALT_BYTES + CHECK_BYTES));
  // What opens was sealed with this key: then a check that differs is damage too, and not another key.
  if (record === undefined && !sameKey) wrongKey(`The ${kind} of ${name} was sealed with another index key.`);
  if (record === undefined || !sameKey) damaged(code, `${name} is damaged: its ${kind} is not what was written.`);
  return record;
}

/** The same in every record of a domain, and without the salt: damage to the salt must not look like another key. */
function keyCheck(indexKey: Uint8Array): Uint8Array {
  return deriveKey(indexKey, NO_SALT, 'holdfast v1 index key check', CHECK_BYTES);
}
