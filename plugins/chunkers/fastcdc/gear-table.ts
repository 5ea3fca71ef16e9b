import { hkdfSync } from 'node:crypto';

/**
 * One secret 32-bit word for each value of a byte: HKDF-SHA-256(key, no salt, "holdfast v1 gear", 1024 bytes), read as
 * little-endian words. With a table of its own for every domain, the lengths of chunks do not name a known file by
 * themselves. That is hardening and no proof: who can choose much of the content can work the table out.
 */
export function gearTable(key: Uint8Array): Int32Array {
  const bytes = new DataView(hkdfSync('sha256', key, new Uint8Array(0), 'holdfast v1 gear', 1024));
  return Int32Array.from({ length: 256 }, (_, n) => bytes.getInt32(4 * n, true));
}
