/** `expand 32-byte k`, little-endian. */
const [C0, C1, C2, C3] = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
const ROUNDS = 20;

/**
 * The block function of ChaCha20 (RFC 8439, section 2.3) as a function of a key and four words: sixteen words that nobody without the key
 * tells from chance. It is here because a call of node:crypto costs twenty times as much as the block.
 */
export class ChaCha {
  readonly #key: Uint32Array;
  /** What the last {@link block} gave. */
  readonly words: Uint32Array = new Uint32Array(16);

  /** `key` has 32 bytes. */
  constructor(key: Uint8Array) {
    const view = new DataView(key.buffer, key.byteOffset, 32);
    this.#key = Uint32Array.from({ length: 8 }, (_, i) => view.getUint32(i * 4, true));
  }

  /** Puts into {@link words} what key and the four words give. */
  block(w0: number, w1: number, w2: number, w3: number): void {
    const [key, out] = [this.#key, this.words];
    // Sixteen variables, not an array: they stay in registers. Columns, then diagonals, as in section 2.3.
    let [x0, x1, x2, x3] = [C0 | 0, C1 | 0, C2 | 0, C3 | 0];
    let x4 = key[0] as number;
    let x5 = key[1] as number;
    let x6 = key[2] as number;
    let x7 = key[3] as number;
    let x8 = key[4] as number;
    let x9 = key[5] as number;
    let xa = key[6] as number;
    let xb = key[7] as number;
    let [xc, xd, xe, xf] = [w0 | 0, w1 | 0, w2 | 0, w3 | 0];
    for (let i = 0; i < ROUNDS; i += 2) {
      x0 = (x0 + x4) | 0;
      xc ^= x0;
      xc = (xc << 16) | (xc >>> 16);
      x8 = (x8 + xc) | 0;
      x4 ^= x8;
      x4 = (x4 << 12) | (x4 >>> 20);
      x0 = (x0 + x4) | 0;
      xc ^= x0;
      xc = (xc << 8) | (xc >>> 24);
      x8 = (x8 + xc) | 0;
      x4 ^= x8;
      x4 = (x4 << 7) | (x4 >>> 25);
      x1 = (x1 + x5) | 0;
      xd ^= x1;
      xd = (xd << 16) | (xd >>> 16);
      x9 = (x9 + xd) | 0;
      x5 ^= x9;
      x5 = (x5 << 12) | (x5 >>> 20);
      x1 = (x1 + x5) | 0;
      xd ^= x1;
      xd = (xd << 8) | (xd >>> 24);
      x9 = (x9 + xd) | 0;
      x5 ^= x9;
      x5 = (x5 << 7) | (x5 >>> 25);
      x2 = (x2 + x6) | 0;
      xe ^= x2;
      xe = (xe << 16) | (xe >>> 16);
      xa = (xa + xe) | 0;
      x6 ^= xa;
      x6 = (x6 << 12) | (x6 >>> 20);
      x2 = (x2 + x6) | 0;
      xe ^= x2;
      xe = (xe << 8) | (xe >>> 24);
      xa = (xa + xe) | 0;
      x6 ^= xa;
      x6 = (x6 << 7) | (x6 >>> 25);
      x3 = (x3 + x7) | 0;
      xf ^= x3;
      xf = (xf << 16) | (xf >>> 16);
      xb = (xb + xf) | 0;
      x7 ^= xb;
      x7 = (x7 << 12) | (x7 >>> 20);
      x3 = (x3 + x7) | 0;
      xf ^= x3;
      xf = (xf << 8) | (xf >>> 24);
      xb = (xb + xf) | 0;
      x7 ^= xb;
      x7 = (x7 << 7) | (x7 >>> 25);
      x0 = (x0 + x5) | 0;
      xf ^= x0;
      xf = (xf << 16) | (xf >>> 16);
      xa = (xa + xf) | 0;
      x5 ^= xa;
      x5 = (x5 << 12) | (x5 >>> 20);
      x0 = (x0 + x5) | 0;
      xf ^= x0;
      xf = (xf << 8) | (xf >>> 24);
      xa = (xa + xf) | 0;
      x5 ^= xa;
      x5 = (x5 << 7) | (x5 >>> 25);
      x1 = (x1 + x6) | 0;
      xc ^= x1;
      xc = (xc << 16) | (xc >>> 16);
      xb = (xb + xc) | 0;
      x6 ^= xb;
      x6 = (x6 << 12) | (x6 >>> 20);
      x1 = (x1 + x6) | 0;
      xc ^= x1;
      xc = (xc << 8) | (xc >>> 24);
      xb = (xb + xc) | 0;
      x6 ^= xb;
      x6 = (x6 << 7) | (x6 >>> 25);
      x2 = (x2 + x7) | 0;
      xd ^= x2;
      xd = (xd << 16) | (xd >>> 16);
      x8 = (x8 + xd) | 0;
      x7 ^= x8;
      x7 = (x7 << 12) | (x7 >>> 20);
      x2 = (x2 + x7) | 0;
      xd ^= x2;
      xd = (xd << 8) | (xd >>> 24);
      x8 = (x8 + xd) | 0;
      x7 ^= x8;
      x7 = (x7 << 7) | (x7 >>> 25);
      x3 = (x3 + x4) | 0;
      xe ^= x3;
      xe = (xe << 16) | (xe >>> 16);
      x9 = (x9 + xe) | 0;
      x4 ^= x9;
      x4 = (x4 << 12) | (x4 >>> 20);
      x3 = (x3 + x4) | 0;
      xe ^= x3;
      xe = (xe << 8) | (xe >>> 24);
      x9 = (x9 + xe) | 0;
      x4 ^= x9;
      x4 = (x4 << 7) | (x4 >>> 25);
    }
    out[0] = x0 + C0;
    out[1] = x1 + C1;
    out[2] = x2 + C2;
    out[3] = x3 + C3;
    out[4] = x4 + (key[0] as number);
    out[5] = x5 + (key[1] as number);
    out[6] = x6 + (key[2] as number);
    out[7] = x7 + (key[3] as number);
    out[8] = x8 + (key[4] as number);
    out[9] = x9 + (key[5] as number);
    out[10] = xa + (key[6] as number);
    out[11] = xb + (key[7] as number);
    out[12] = xc + w0;
    out[13] = xd + w1;
    out[14] = xe + w2;
    out[15] = xf + w3;
  }
}
