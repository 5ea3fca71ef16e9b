import { endianness } from 'node:os';

const NATIVE = endianness() === 'LE';

/** The bytes of `numbers` in little-endian order: a view of them where the machine is little-endian, a copy elsewhere. */
export function littleEndian(numbers: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  return NATIVE ? bytes : Buffer.from(bytes).swap32();
}

/** A copy of `bytes` (a multiple of 4) as the numbers they hold in little-endian order. */
export function numbersOf(bytes: Uint8Array): Uint32Array {
  const numbers = new Uint32Array(bytes.length / 4);
  const copy = new Uint8Array(numbers.buffer);
  copy.set(bytes);
  if (!NATIVE) Buffer.from(numbers.buffer).swap32();
  return numbers;
}
