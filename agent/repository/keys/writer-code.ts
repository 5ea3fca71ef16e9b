import { createHash } from 'node:crypto';
import type { Writer } from './writer.ts';

/** Crockford's base 32: no letter that is taken for another or for a digit. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LABEL = Buffer.from('holdfast v1 writer code', 'latin1');
const LETTERS = 16;

/**
 * What people compare to know that a writer's keys are those of the host in front of them: 80 bits of a hash of them, the
 * repository, and the name of the host, in four groups: `k7qm-2x9f-0d4t-hw3c`.
 */
export function writerCode(writer: Pick<Writer, 'repository' | 'id' | 'host' | 'publicKey' | 'joinKey'>): string {
  const { repository, id, host, publicKey, joinKey } = writer;
  const digest = createHash('sha256')
    .update(LABEL)
    .update(Buffer.from(repository + id, 'hex'))
    .update(publicKey)
    .update(joinKey)
    .update(host, 'utf8')
    .digest();
  let bits = BigInt(`0x${digest.subarray(0, (LETTERS * 5) / 8).toString('hex')}`);
  let letters = '';
  for (let i = 0; i < LETTERS; i++, bits >>= 5n) letters = ALPHABET[Number(bits & 31n)] + letters;
  return letters.replace(/.{4}(?=.)/g, '$&-');
}

/** A code as somebody may type it, in the form that `writerCode` gives; undefined when it cannot be one. */
export function readWriterCode(typed: string): string | undefined {
  const letters = typed.toLowerCase().replace(/[\s-]/g, '').replaceAll('o', '0').replace(/[il]/g, '1');
  const known = letters.length === LETTERS && [...letters].every((letter) => ALPHABET.includes(letter));
  return known ? letters.replace(/.{4}(?=.)/g, '$&-') : undefined;
}
