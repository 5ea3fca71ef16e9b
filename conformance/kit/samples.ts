import { createCipheriv, createHash } from 'node:crypto';
import type { Bytes } from 'holdfast/plugin';

/** `length` bytes that do not compress and are the same on every run: AES-128-CTR of zeros, keyed by `seed`. */
export function noise(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const key = createHash('sha256').update(`holdfast noise ${seed}`).digest().subarray(0, 16);
  const bytes = new Uint8Array(length);
  createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(bytes).copy(bytes);
  return bytes;
}

/** `length` bytes of English-looking lines, which compress well, the same on every run. */
export function prose(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const words = ['order', 'account', 'position', 'margin', 'trade', 'ledger', 'settled', 'open', 'the', 'of', '\n'];
  const choices = noise(seed, length);
  const bytes = new Uint8Array(length);
  const encoder = new TextEncoder();
  for (let at = 0, n = 0; at < length; n++) {
    const word = encoder.encode(`${words[(choices[n] ?? 0) % words.length]} `);
    bytes.set(word.subarray(0, length - at), at);
    at += word.length;
  }
  return bytes;
}

/** The SHA-256 of `bytes`, as lower-case hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** All of a byte stream, in one piece. */
export async function collect(bytes: Bytes): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}
