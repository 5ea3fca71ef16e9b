import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrapWords } from './wrap.ts';

test('lines are broken between words, and no wider than told, by what a terminal shows', () => {
  assert.deepEqual(wrapWords('one two three', 7), ['one two', 'three']);
  assert.deepEqual(wrapWords('日本 日本 日本', 9), ['日本 日本', '日本']);
  assert.deepEqual(wrapWords('one', 7), ['one']);
  assert.deepEqual(wrapWords('', 7), ['']);
});

test('a word that is too long has a line of its own', () => {
  assert.deepEqual(wrapWords('a much-too-long word', 5), ['a', 'much-too-long', 'word']);
});
