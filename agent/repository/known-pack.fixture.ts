import type { KnownPack } from './pack-list.ts';
import type { PackFrame } from './table.ts';

/** A frame by its name: which birth, which ordinal in it; and how much its sealed bytes are. */
export interface NamedFrame {
  readonly birth: number;
  readonly ordinal: number;
  readonly sealed?: number;
}

/** A salt that tells births apart. */
export function saltOf(birth: number): Uint8Array {
  return new Uint8Array(32).fill(birth);
}

/** A pack with these frames, one chunk in each; its births stand in the table in the order in which they come. */
export function packOf(n: number, frames: readonly NamedFrame[], size = 1000): KnownPack {
  const births = [...new Set(frames.map(({ birth }) => birth))];
  return {
    name: n.toString(16).padStart(64, '0'),
    size,
    table: {
      births: births.map((birth) => ({
        salt: saltOf(birth),
        epoch: new Uint8Array(16),
        enc: new Uint8Array(32),
        sealedKey: new Uint8Array(48),
        commitment: new Uint8Array(32),
      })),
      frames: frames.map(({ birth, ordinal, sealed = 100 }, i): PackFrame => {
        const place = { offset: 8 + i * 100, sealedLength: sealed, plainLength: 50, codec: 0 };
        return { ...place, birth: births.indexOf(birth), ordinal, firstChunk: i, chunkCount: 1 };
      }),
      ids: new Uint8Array(frames.length * 32),
      lengths: new Uint32Array(frames.length).fill(50),
    },
  };
}

/** The frames of a pack as they are named wherever they lie: `<birth> <ordinal>`. */
export function framesOf({ table }: KnownPack): string[] {
  return table.frames.map(({ birth, ordinal }) => `${table.births[birth]?.salt[0]} ${ordinal}`);
}
