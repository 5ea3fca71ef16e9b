import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { prose } from 'holdfast/conformance';
import { SpecimenCodec } from './specimen-codec.ts';

describe('specimen', () => {
  it('becomes smaller with the level', () => {
    const frame = prose(1, 400_000);
    const [fast, small] = [1, 9].map((level) => new SpecimenCodec({ level }).encode(frame));
    assert.ok(fast !== undefined && small !== undefined && small.length < fast.length);
  });

  it('reads at any level what was written at another', () => {
    const frame = prose(2, 10_000);
    const encoded = new SpecimenCodec({ level: 9 }).encode(frame);
    assert.deepEqual(Buffer.from(new SpecimenCodec({ level: 1 }).decode(encoded, frame.length)), Buffer.from(frame));
  });

  it('notices a bit that was flipped', () => {
    const encoded = new SpecimenCodec({ level: 6 }).encode(prose(3, 1000));
    encoded[20] = (encoded[20] ?? 0) ^ 1;
    assert.throws(() => new SpecimenCodec({ level: 6 }).decode(encoded, 1000), /damaged: its checksum is another/);
  });
});
