import { gzip, gzipPoem, poem, run, skippable, wideZstd, zstd, zstdPoem } from './compressed.ts';
import { domain, idKey, other, ownBirth, readerKeys } from './domain-keys.ts';
import {
  changed,
  fixed,
  frame,
  hmac,
  type NewFrame,
  sealedFrame,
  sha256,
  type VectorFrame,
} from './reference-writer.ts';
import { family } from './refused.ts';
import { hex, type Vector, type VectorFile } from './vector.ts';

const [NONE, ZSTD, GZIP] = [0, 1, 2];
/** Of a frame that says something else of its plaintext than is sealed in it. */
const short = Buffer.from('short');

export async function frameVectors(): Promise<VectorFile<Vector>> {
  const { domain: domainId, domainSecret } = await readerKeys();
  const birth = await ownBirth('birth');
  const { ok, bad } = family({ keys: { domain: domainId, domainSecret, frameKey: hex(birth.frameKey) } });
  const described = ({ ordinal, codec, plainLength, ids, lengths }: VectorFrame) => ({
    salt: hex(birth.salt),
    ordinal,
    codec,
    plainLength,
    chunks: ids.map((id, i) => [hex(id), lengths[i]]),
  });
  const good = (name: string, o: NewFrame): Vector => {
    const made = frame(birth, domain, idKey, o);
    const chunks = o.texts.map((text) => hex(sha256(Buffer.from(text as string))));
    return ok(name, made.sealed, chunks, { with: described(made) });
  };
  /** A frame that is what its description says, until it is opened. */
  const refused = (name: string, o: NewFrame, expect = 'FRAME_DAMAGED') => {
    const made = frame(birth, domain, idKey, o);
    return bad(name, expect, made.sealed, { with: described(made) });
  };
  const holding = (name: string, codec: number, encoded: Uint8Array, plain: Uint8Array = short) =>
    refused(name, { ordinal: 0, texts: [plain], codec, encoded });
  const plain = frame(birth, domain, idKey, { ordinal: 7, texts: ['a small chunk', 'and another one'] });
  const description = described(plain);
  const other7 = (name: string, changes: object) =>
    bad(name, 'FRAME_DAMAGED', plain.sealed, { with: { ...description, ...changes } });
  const lie = sealedFrame(birth, domain, {
    ...{ ordinal: 0, plainLength: 5, lengths: [5], encoded: short },
    ids: [hmac(fixed('another id key', 32), short)],
  });
  const vectors: Vector[] = [
    good('two chunks, not compressed', { ordinal: 7, texts: ['a small chunk', 'and another one'] }),
    good('the last ordinal', { ordinal: 2 ** 32 - 1, texts: ['x'] }),
    good('zstd', { ordinal: 0, texts: [poem], codec: ZSTD, encoded: zstdPoem }),
    good('zstd of stored and repeated bytes', {
      ordinal: 0,
      texts: [Buffer.concat([short, Buffer.alloc(300_000, 7)])],
      codec: ZSTD,
      encoded: zstd(300_005, [{ raw: short }, ...run(7, 300_000)]),
    }),
    good('gzip', { ordinal: 0, texts: [poem], codec: GZIP, encoded: gzipPoem }),
    good('gzip of stored bytes', { ordinal: 0, texts: [short], codec: GZIP, encoded: gzip(short) }),
    bad('a bit of the ciphertext', 'FRAME_DAMAGED', changed(plain.sealed, 0), { with: description }),
    bad('a bit of the tag', 'FRAME_DAMAGED', changed(plain.sealed, -1), { with: description }),
    bad('shorter than a tag', 'FRAME_DAMAGED', plain.sealed.subarray(0, 15), { with: description }),
    bad('another domain', 'FRAME_DAMAGED', plain.sealed, {
      keys: { domain: hex(other.domain), domainSecret, frameKey: hex(birth.frameKey) },
      with: description,
    }),
    other7('another salt', { salt: hex(fixed('another salt', 32)) }),
    other7('another ordinal', { ordinal: 8 }),
    other7('another codec', { codec: 3 }),
    other7('another plaintext length', { plainLength: plain.plainLength + 1 }),
    other7('chunks in another order', { chunks: description.chunks.toReversed() }),
    bad('a chunk that is not what its id says', 'FRAME_DAMAGED', lie.sealed, { with: described(lie) }),
    holding('not compressed, with a byte more', NONE, Buffer.from('short!')),
    holding('not compressed, with a byte less', NONE, Buffer.from('shor')),
    holding('zstd with a byte more', ZSTD, zstd(6, [{ raw: Buffer.from('short!') }])),
    holding('zstd with a byte less', ZSTD, zstd(4, [{ raw: Buffer.from('shor') }])),
    holding('zstd that says 5 bytes and holds 64 MiB', ZSTD, zstd(5, run(0, 2 ** 26))),
    holding('zstd that says 64 MiB and holds 64 MiB', ZSTD, zstd(2 ** 26, run(0, 2 ** 26))),
    holding('zstd that says 64 MiB and holds 5 bytes', ZSTD, zstd(2 ** 26, [{ raw: short }])),
    holding('zstd with a window of 2 GiB', ZSTD, wideZstd(short)),
    holding('zstd with a byte behind it', ZSTD, Buffer.concat([zstd(5, [{ raw: short }]), Buffer.of(0)])),
    holding(
      'two zstd frames',
      ZSTD,
      Buffer.concat([zstd(2, [{ raw: Buffer.from('sh') }]), zstd(3, [{ raw: Buffer.from('ort') }])]),
    ),
    holding('zstd behind a frame to be skipped', ZSTD, Buffer.concat([skippable, zstd(5, [{ raw: short }])])),
    holding('zstd that is cut short', ZSTD, zstd(5, [{ raw: short }]).subarray(0, -1)),
    holding('not zstd at all', ZSTD, short),
    holding('gzip with a byte more', GZIP, gzip(Buffer.from('short!'))),
    holding('gzip with a byte less', GZIP, gzip(Buffer.from('shor'))),
    holding('gzip with a byte behind it', GZIP, Buffer.concat([gzip(short), Buffer.of(0)])),
    holding('two gzip members', GZIP, Buffer.concat([gzip(Buffer.from('sh')), gzip(Buffer.from('ort'))])),
    holding('gzip with a file name', GZIP, gzip(short, { name: 'x' })),
    holding('gzip with another CRC', GZIP, gzip(short, { crc: 0 })),
    holding('gzip with another length', GZIP, gzip(short, { size: 4 })),
    holding('not gzip at all', GZIP, short),
    ...[3, 127, 200, 255].map((codec) =>
      refused(`codec ${codec}`, { ordinal: 0, texts: [short], codec }, 'CODEC_UNKNOWN'),
    ),
  ];
  return {
    about:
      'Frames. keys: the domain, its secret (the id key is derived from it) and the frame key of the birth. with: what a pack table ' +
      'says of the frame; chunks are [id, length]. holds: the SHA-256 of each chunk.',
    vectors,
  };
}
