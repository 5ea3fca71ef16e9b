import { domain, idKey, ownBirth } from './domain-keys.ts';
import { changed, fixed, frame, latin1, sha256, table, u16, u32, type VectorFrame } from './reference-writer.ts';
import { family } from './refused.ts';
import { hex, type Vector, type VectorFile } from './vector.ts';

const MIB = 2 ** 20;

export async function tableVectors(): Promise<VectorFile<Vector>> {
  const { ok, bad } = family({});
  const births = [await ownBirth('birth'), await ownBirth('second birth')];
  const [one, two] = births as [(typeof births)[0], (typeof births)[0]];
  const frames = [
    frame(one, domain, idKey, { ordinal: 4, texts: ['a small chunk', 'and another one'] }),
    frame(two, domain, idKey, { ordinal: 0, texts: ['one chunk alone'], birth: 1 }),
  ];
  const bytes = table(births, frames);
  const offsets = [8, 8 + (frames[0]?.sealed.length ?? 0)];
  const holds = {
    births: births.map(({ salt }) => hex(salt)),
    frames: frames.map(({ sealed, plainLength, ordinal, birth, codec, ids, lengths }, i) => ({
      ...{ offset: offsets[i], sealedLength: sealed.length, plainLength, ordinal, birth, codec },
      chunks: ids.map((id, c) => [hex(id), lengths[c]]),
    })),
  };
  const framesAt = 12 + 2 * 160;
  const damaged = (name: string, of: Uint8Array, over: Partial<Vector> = {}) => bad(name, 'TABLE_DAMAGED', of, over);
  /** A table of one frame that has one chunk, in numbers. */
  const numbers = (sealedLength: number, plainLength: number, chunkLength: number) =>
    Buffer.concat([
      ...[u32(1), u32(1), u32(1), one.record],
      ...[u32(sealedLength), u32(plainLength), u32(0), u32(1), u16(0), Buffer.of(0, 0)],
      ...[fixed('chunk', 32), u32(chunkLength)],
    ]);
  const largest = {
    births: [hex(one.salt)],
    frames: [
      {
        ...{ offset: 8, sealedLength: 17, plainLength: 32 * MIB, ordinal: 0, birth: 0, codec: 0 },
        chunks: [[hex(fixed('chunk', 32)), 32 * MIB]],
      },
    ],
  };
  return {
    about:
      'Pack tables in plaintext. holds: the salts of births; the frames, with offsets that follow, chunks as [id, length].',
    vectors: [
      ok('two frames of two births', bytes, holds),
      ok('nothing', table([], []), { births: [], frames: [] }),
      ok('a frame of 32 MiB', numbers(17, 32 * MIB, 32 * MIB), largest),
      damaged('shorter than its counts', bytes.subarray(0, 11)),
      damaged('cut short', bytes.subarray(0, -1)),
      damaged('a byte behind it', Buffer.concat([bytes, Buffer.of(0)])),
      damaged('counts of petabytes', changed(bytes, 0, Buffer.alloc(12, 0xff))),
      damaged('65,536 births', Buffer.concat([u32(65_536), u32(0), u32(0)]), { length: 12 + 65_536 * 160 }),
      damaged('a birth that is not there', changed(bytes, framesAt + 16, u16(2))),
      damaged('chunks that do not add up', changed(bytes, framesAt + 4)),
      damaged('a frame without chunks', changed(bytes, framesAt + 12, u32(0))),
      damaged('a frame with more chunks than there are', changed(bytes, framesAt + 12, u32(4))),
      damaged(
        'a chunk that no frame has',
        table(births, [{ ...(frames[0] as VectorFrame), ids: frames[0]?.ids.slice(1) ?? [] }]),
      ),
      damaged('an empty chunk', numbers(17, 0, 0)),
      damaged('a frame of nothing but a tag', numbers(16, 1, 1)),
      damaged('a frame of more than 32 MiB', numbers(17, 32 * MIB + 1, 32 * MIB + 1)),
      damaged('a frame that no object has room for', numbers(64 * MIB - 7, 1, 1)),
      damaged('a reserved byte', changed(bytes, framesAt + 19)),
    ],
  };
}

export function trailerVectors(): VectorFile<Vector> {
  const trailer = (tableLength: number, packLength: number) => {
    const lengths = Buffer.concat([u32(tableLength), u32(packLength)]);
    return Buffer.concat([lengths, sha256(lengths).subarray(0, 4), latin1('HFSP')]);
  };
  const bytes = trailer(100, 200);
  const { ok, bad } = family({ with: { size: 200 } });
  const damaged = (name: string, of: Uint8Array, size = 200) => bad(name, 'PACK_DAMAGED', of, { with: { size } });
  return {
    about:
      'The last 16 bytes of packs. with: the size of the object. holds: where the sealed table lies, and its length.',
    vectors: [
      ok('a trailer', bytes, { offset: 84, length: 100 }),
      damaged('cut short', bytes.subarray(1)),
      damaged('a bit of the length of the table', changed(bytes, 0)),
      damaged('a bit of the length of the pack', changed(bytes, 4)),
      damaged('a bit of the check', changed(bytes, 8)),
      damaged('a bit of the magic', changed(bytes, -1)),
      damaged('an object of another size', bytes, 201),
      damaged('a table too short to be sealed', trailer(56, 200)),
      damaged('a table that starts in the header', trailer(177, 200)),
      damaged('a table longer than the pack', trailer(300, 200)),
      damaged('a pack of more than 64 MiB', trailer(100, 64 * MIB + 1), 64 * MIB + 1),
    ],
  };
}
