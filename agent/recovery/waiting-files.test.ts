import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WaitingFiles } from './waiting-files.ts';

test('files of one frame are taken together, those of the fullest first, and no more frames than it takes', () => {
  const waiting = new WaitingFiles<string>();
  for (const name of ['b1', 'a1', 'c1', 'a2', 'b2', 'a3', 'd1']) waiting.add(name.charAt(0), name);
  assert.deepEqual(waiting.take(4), ['a1', 'a2', 'a3', 'b1', 'b2']);
  assert.equal(waiting.count, 2);
  waiting.add('d', 'd2');
  assert.deepEqual(waiting.take(1), ['d1', 'd2']);
  assert.deepEqual(waiting.take(9), ['c1']);
  assert.deepEqual([waiting.take(9), waiting.count], [[], 0]);
});
