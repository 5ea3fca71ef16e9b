import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { noise, prose } from 'holdfast/conformance';
import { ZstdCodec } from './zstd-codec.ts';

describe('zstd', () => {
  it('writes the content size and no checksum (RFC 8878, 3.1.1.1.1)', () => {
    for (const frame of [new Uint8Array(0), Uint8Array.of(1), prose(1, 70_000), noise(1, 2 ** 20)]) {
      const descriptor = new ZstdCodec({ level: 3 }).encode(frame)[4] ?? 0;
      const hasContentSize = descriptor >> 6 !== 0 || (descriptor & 0x20) !== 0;
      assert.ok(hasContentSize, `${frame.length} bytes: no content size`);
      assert.equal(descriptor & 0x04, 0, `${frame.length} bytes: a checksum`);
    }
  });

  it('becomes smaller with the level, and is ordinary Zstandard', () => {
    const frame = prose(2, 400_000);
    const sizes = [1, 9, 19].map((level) => {
      const encoded = new ZstdCodec({ level }).encode(frame);
      assert.ok(zstdDecompressSync(encoded).equals(frame));
      return encoded.length;
    });
    assert.deepEqual(
      [...sizes].sort((a, b) => b - a),
      sizes,
    );
  });

  it('refuses a skippable frame, which would be read as nothing', () => {
    const skippable = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0);
    assert.throws(() => new ZstdCodec({ level: 3 }).decode(skippable, 10), /damaged/);
  });

  it('limits a frame that does not say its size', () => {
    const unsaid = zstdCompressSync(new Uint8Array(2 ** 22), { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } });
    assert.throws(() => new ZstdCodec({ level: 3 }).decode(unsaid, 1000), /more than the 1000 bytes/);
  });
});
