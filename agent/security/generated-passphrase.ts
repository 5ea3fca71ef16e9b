import { randomBytes } from 'node:crypto';

// Crockford's base 32: no letters that look like digits, so that it survives being written down on paper.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** A passphrase of 125 random bits, in groups that can be read out: `k7f2a-91cdq-…`, five groups of five. */
export function generatePassphrase(): string {
  const letters = Array.from(randomBytes(25), (byte) => ALPHABET.charAt(byte & 31)).join('');
  return letters.replace(/.{5}(?=.)/g, '$&-');
}
