import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pathOfText, textOfPath } from './path-text.ts';

test('text gives the bytes back, whatever they are, and two paths are never one text', () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(bytes, fc.string({ unit: 'grapheme' }), bytes, (before, text, after) => {
      const path = Buffer.concat([before, Buffer.from(text), after]);
      assert.deepEqual(Buffer.from(pathOfText(textOfPath(path))), path);
    }),
  );
});

test('what is UTF-8 is read as it is, beside bytes that are not; U+FFFD itself is a character', () => {
  assert.equal(textOfPath(Buffer.from('日本/é\ufffd')), '日本/é\ufffd');
  assert.equal(textOfPath(Buffer.from([0xe6, 0x97, 0xa5, 0xff, 0x61])), '日\udcffa');
  // A surrogate is none in UTF-8, nor is a character cut short.
  assert.equal(textOfPath(Buffer.from([0xed, 0xa0, 0x80])), '\udced\udca0\udc80');
  assert.equal(textOfPath(Buffer.from([0xe2, 0x82])), '\udce2\udc82');
});
