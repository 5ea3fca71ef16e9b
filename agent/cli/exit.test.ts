import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Failure } from '../contract/index.ts';
import { combineExits, EXIT, EXIT_MEANINGS, type Exit, exitOf } from './exit.ts';

const failure = (code: string, origin: Failure['origin']): Failure => ({ code, origin, message: 'x', permanent: true });

test('every documented exit code is reached', () => {
  const cases: [string, Failure['origin'], Exit][] = [
    ['ANYTHING', 'agent', 1],
    ['ANYTHING', 'source', 1],
    ['OBJECT_DAMAGED', 'repository', 1],
    ['TARGET_FULL', 'target', 1],
    ['USAGE', 'agent', 64],
    ['TARGET_UNAVAILABLE', 'target', 69],
    ['TARGET_MISSING', 'target', 69],
    ['BUSY', 'agent', 75],
    ['TARGET_DENIED', 'target', 77],
    ['POSTGRES_LOGIN', 'source', 77],
    ['SOME_PLUGIN_DENIED', 'source', 77],
    ['DENIED_SOMEWHERE', 'source', 1],
    ['WRONG_KEY', 'repository', 77],
    ['PASSPHRASE_NEEDED', 'key', 77],
    ['ANYTHING', 'policy', 78],
    ['CANCELLED', 'agent', 130],
  ];
  for (const [code, origin, exit] of cases) assert.equal(exitOf(failure(code, origin)), exit, `${origin} ${code}`);
});

test('every exit code has its words, each its own', () => {
  assert.deepEqual(Object.keys(EXIT_MEANINGS).map(Number), Object.values(EXIT));
  const words = Object.values(EXIT_MEANINGS).flatMap(({ brief, full }) => [brief, full]);
  assert.equal(new Set(words).size, words.length);
});

test('several results', () => {
  assert.equal(combineExits([]), 0);
  assert.equal(combineExits([0, 0]), 0);
  assert.equal(combineExits([0, 3]), 3);
  assert.equal(combineExits([3, 69, 0]), 69);
  assert.equal(combineExits([69, 77]), 1);
  assert.equal(combineExits([1, 130]), 130);
});
