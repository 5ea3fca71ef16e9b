import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FixedChunker } from './fixed-chunker.ts';

describe('fixed', () => {
  it('cuts blocks of one length, the last one shorter', () => {
    const chunker = new FixedChunker({ size: 512 });
    assert.equal(chunker.cut(new Uint8Array(2000), false), 512);
    assert.equal(chunker.cut(new Uint8Array(511), false), 0);
    assert.equal(chunker.cut(new Uint8Array(511), true), 511);
    assert.equal(chunker.cut(new Uint8Array(0), true), 0);
  });

  it('takes a size as people write it, and refuses one out of bounds', () => {
    assert.equal(new FixedChunker({ size: '8KiB' }).maxBytes, 8192);
    for (const size of [511, 2 ** 24 + 1, Number.NaN, '17MiB', '8']) {
      assert.throws(
        () => new FixedChunker({ size }),
        (thrown: { failure?: { code?: string } }) => thrown.failure?.code === 'OPTIONS_INVALID',
        String(size),
      );
    }
  });
});
