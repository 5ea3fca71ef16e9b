/** What the damage tests of this folder feed to readers. */
export interface DamageCase {
  readonly what: string;
  readonly bytes: Uint8Array;
}

/** `bytes` cut at every length. Each case stands alone in its memory, so that reading past its end is seen. */
export function* truncations(bytes: Uint8Array): Generator<DamageCase> {
  for (let length = 0; length < bytes.length; length++)
    yield { what: `cut at ${length}`, bytes: bytes.slice(0, length) };
}

/** `bytes` with one bit flipped, at every byte: a different bit from byte to byte, so that all eight have their turn. */
export function* flippedBits(bytes: Uint8Array): Generator<DamageCase> {
  for (let at = 0; at < bytes.length; at++) {
    const flipped = bytes.slice();
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
    yield { what: `bit ${at % 8} of byte ${at} flipped`, bytes: flipped };
  }
}
