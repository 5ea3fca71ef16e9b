const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
const RLE = 1;

/**
 * Where the first Zstandard frame of `bytes` ends (RFC 8878, 3.1.1): the decoder goes on to the next one without a word. Infinity
 * when it ends beyond them; the magic number was looked at already.
 */
export function frameEnd(bytes: Uint8Array): number {
  const descriptor = bytes[MAGIC_BYTES] ?? 0;
  const single = (descriptor >> 5) & 1;
  const sizeBytes = [single, 2, 4, 8][descriptor >> 6] as number;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  // A single segment has no window descriptor.
  let at = MAGIC_BYTES + 1 + (1 - single) + dictionaryBytes + sizeBytes;
  for (;;) {
    if (at + BLOCK_HEADER_BYTES > bytes.length) return Number.POSITIVE_INFINITY;
    const header = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
    at += BLOCK_HEADER_BYTES + (((header >> 1) & 3) === RLE ? 1 : header >> 3);
    if ((header & 1) === 1) return at + ((descriptor >> 2) & 1) * CHECKSUM_BYTES;
  }
}
