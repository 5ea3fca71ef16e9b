import assert from 'node:assert/strict';
import { it } from 'node:test';
import { NoneCodec } from './none-codec.ts';

it('none copies nothing', () => {
  const frame = Uint8Array.of(1, 2, 3);
  const codec = new NoneCodec();
  assert.equal(codec.encode(frame), frame);
  assert.equal(codec.decode(frame, 3), frame);
});
