import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Terminal } from './terminal.ts';

function written(document: unknown): string {
  const parts: string[] = [];
  const stdout = { write: (part: string) => parts.push(part), on() {} };
  const options = { json: true, quiet: false, verbose: false, color: true };
  new Terminal({ stdout, stderr: { write() {}, on() {} }, env: {}, options }).json(document);
  return parts.join('');
}

test('a document of JSON drives no terminal and no runner, and says the same', () => {
  const document = { '##[group]': ['\x1b[31m\x7f\x9b31m\u202e\ud800', '###[error]', '##', '# [', 'ü 日本 \\u009b'] };
  const text = written(document);
  assert.deepEqual(JSON.parse(text), document);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there.
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800]|##\[/);
  assert.match(text, /"ü 日本 /);
});

test('big numbers and bytes keep all their digits', () => {
  assert.deepEqual(JSON.parse(written({ time: 2n ** 63n, id: new Uint8Array([0, 255]) })), {
    time: '9223372036854775808',
    id: '00ff',
  });
});
