import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Selection } from '../../recovery/selection.ts';
import { exactly, printable, printablePath } from './printable.ts';

test('what drives a terminal or reorders text is written as an escape', () => {
  assert.equal(printable('a\x1b[31m\u202e\n'), 'a\\x1b[31m\\u202e\\x0a');
  assert.equal(printablePath(Buffer.from('a\x1b[31m\u202e\n\x85é日')), 'a\\x1b[31m\\xe2\\x80\\xae\\x0a\\xc2\\x85é日');
  assert.equal(
    printable('\u200b \ufeff \u{e0041} \u3164'),
    '\\u200b \\ufeff \\u{e0041} \\u3164',
    'nothing of it is seen',
  );
  assert.equal(printable(printable('\u200b')), '\\u200b');
  assert.equal(printablePath(Buffer.from('\u200b')), '\\xe2\\x80\\x8b');
  assert.equal(printablePath(Buffer.from([0x61, 0xff, 0xc3, 0xa9, 0x5c, 0x78])), 'a\\xffé\\\\x');
});

test('a name as it is shown, with its wildcards quoted, selects that name and no other', () => {
  const name = fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 6 }), fc.string({ unit: 'binary', maxLength: 6 }))
    .map(([bytes, text]) => Buffer.concat([bytes, Buffer.from(text)]))
    // A dot before a slash means here, and these cannot be in names.
    .filter((bytes) => !/[/\0]|^\.+$/.test(bytes.toString('latin1')));
  fc.assert(
    fc.property(name, name, (path, other) => {
      const selection = new Selection([exactly(path)]);
      assert.deepEqual(selection.places.map(Buffer.from), [path]);
      assert.ok(selection.has({ path, kind: 'file' }));
      assert.equal(selection.has({ path: other, kind: 'file' }), path.equals(other));
    }),
    { numRuns: 1000 },
  );
});
