import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestedRows } from './rows-digest.ts';

async function digestOf(text: string, size = 1000): Promise<string> {
  async function* pieces() {
    for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
  }
  const rows = digestedRows(pieces());
  let length = 0;
  for await (const piece of rows.data) length += piece.length;
  assert.equal(rows.bytes, length);
  return rows.sha256;
}

test('rows in another order are the same, in pieces of any size; other rows, or more of one, are not', async () => {
  const expected = await digestOf('a\tb\nc\td\n\ne\n');
  for (const size of [1, 2, 3, 5]) assert.equal(await digestOf('e\n\nc\td\na\tb\n', size), expected);
  const others = ['a\tb\nc\td\ne\n', 'a\td\nc\tb\n\ne\n', 'a\tb\nc\td\n\ne\ne\n', 'a\tb\nc\td\n\ne', ''];
  for (const other of others) assert.notEqual(await digestOf(other), expected, other);
});
