import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable, printablePath } from './printable.ts';
import { renderFacts, renderTable } from './table.ts';
import { displayWidth, fitWidth } from './width.ts';

const plain = (_tone: string, text: string) => text;

test('columns align by what the terminal shows, not by characters', () => {
  const text = renderTable(
    [{ title: 'name' }, { title: 'size', align: 'right' }],
    [
      ['日本', '1 B'],
      ['a', '1,023 B'],
      ['e\u0301te', '\x1b[31m2 B\x1b[39m'],
    ],
    plain,
  );
  assert.equal(text, 'name     size\n日本      1 B\na     1,023 B\ne\u0301te       \x1b[31m2 B\x1b[39m\n');
});

test('a table without rows is its titles; a short row is no error', () => {
  assert.equal(renderTable([{ title: 'a' }, { title: 'b' }], [], plain), 'a  b\n');
  assert.equal(renderTable([{ title: 'a' }, { title: 'b' }], [['1']], plain), 'a  b\n1\n');
});

test('facts of several lines stay in their column', () => {
  assert.equal(
    renderFacts(
      [
        ['hint', 'one\ntwo'],
        ['x', 'y'],
      ],
      plain,
    ),
    '  hint  one\n        two\n  x     y\n',
  );
});

test('widths', () => {
  const cases: [string, number][] = [
    ['', 0],
    ['abc', 3],
    ['漢字', 4],
    ['한', 2],
    ['👩‍👩‍👧', 2],
    ['❤️', 2],
    ['e\u0301', 1],
    ['\x1b[1mx\x1b[0m', 1],
    ['\u200b', 0],
  ];
  for (const [text, width] of cases) assert.equal(displayWidth(text), width, JSON.stringify(text));
});

test('cutting never splits a character, and never exceeds', () => {
  assert.equal(fitWidth('abc', 3), 'abc');
  assert.equal(fitWidth('abcd', 3), 'ab…');
  assert.equal(fitWidth('漢字漢', 4), '漢…');
  assert.equal(fitWidth('abc', 1), '…');
  assert.equal(fitWidth('abc', 0), '');
});

test('hostile names cannot drive the terminal', () => {
  assert.equal(printable('a\x1b]0;owned\x07b'), 'a\\x1b]0;owned\\x07b');
  assert.equal(printable('exe.\u202egpj'), 'exe.\\u202egpj');
  assert.equal(printable('line\nbreak'), 'line\\x0abreak');
  assert.equal(printable('日本 ok'), '日本 ok');
  assert.equal(printablePath(Buffer.from([0x61, 0xff, 0x1b])), 'a\\xff\\x1b');
  assert.equal(printablePath(Buffer.from('ä/b')), 'ä/b');
});
