import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { prose } from 'holdfast/conformance';
import { GzipCodec } from './gzip-codec.ts';

describe('gzip', () => {
  it('has a header that is the same on every machine, at any time', () => {
    const encoded = new GzipCodec({ level: 6 }).encode(prose(1, 1000));
    assert.equal(Buffer.from(encoded.subarray(0, 10)).toString('hex'), '1f8b08000000000000ff');
  });

  it('becomes smaller with the level, and is ordinary gzip', () => {
    const frame = prose(2, 400_000);
    const [fast, small] = [1, 9].map((level) => new GzipCodec({ level }).encode(frame));
    assert.ok(fast !== undefined && small !== undefined && small.length < fast.length);
    assert.ok(gunzipSync(small).equals(frame));
  });

  it('notices a changed content by its checksum', () => {
    const encoded = new GzipCodec({ level: 6 }).encode(prose(3, 1000));
    const at = encoded.length - 8;
    encoded[at] = (encoded[at] ?? 0) ^ 1;
    assert.throws(
      () => new GzipCodec({ level: 6 }).decode(encoded, 1000),
      /damaged: its checksum or length is another/,
    );
  });
});
