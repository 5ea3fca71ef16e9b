import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

/** AES-256-GCM (NIST SP 800-38D): 32-byte key, 96-bit nonce, 128-bit tag. */
const CIPHER = 'aes-256-gcm';
export const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

/**
 * Ciphertext ‖ tag. The caller never uses a nonce twice with one key.
 * Throws RangeError for a key or nonce of another length: that is a mistake in the program, not in its input.
 */
export function aeadSeal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array {
  checkLengths(key, nonce);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(aad);
  const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
  sealed.set(cipher.update(plaintext));
  cipher.final();
  sealed.set(cipher.getAuthTag(), plaintext.length);
  return sealed;
}

/** The plaintext, or undefined when it is not authentic. Not a byte is handed out before the tag was checked. */
export function aeadOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  aad: Uint8Array,
): Uint8Array | undefined {
  checkLengths(key, nonce);
  const end = sealed.length - TAG_BYTES;
  if (end < 0) return undefined;
  // Without authTagLength, Node takes tags as short as four bytes, which can be guessed.
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(end));
  decipher.setAAD(aad);
  const plaintext = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch {
    plaintext.fill(0);
    return undefined;
  }
  return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length);
}

/** HKDF-SHA-256 (RFC 5869). `length` is at most 8160 bytes. */
export function deriveKey(secret: Uint8Array, salt: Uint8Array, info: string, length: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, info, length));
}

// GCM would take a nonce of any length, and hash it.
function checkLengths(key: Uint8Array, nonce: Uint8Array): void {
  if (key.length !== KEY_BYTES) throw new RangeError(`An AES-256 key has ${KEY_BYTES} bytes, not ${key.length}`);
  if (nonce.length !== NONCE_BYTES) throw new RangeError(`A GCM nonce has ${NONCE_BYTES} bytes, not ${nonce.length}`);
}
