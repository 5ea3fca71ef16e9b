import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SkippedPaths } from './skipped-paths.ts';

const failure = { code: 'SOURCE_DENIED', message: 'EACCES', origin: 'source', permanent: true } as const;

function skipped(names: readonly string[], count = names.length): SkippedPaths {
  const body = { artifacts: [], skipped: names.map((what) => ({ what, failure })) };
  return new SkippedPaths({ body, snapshot: { opened: { header: { skipped: count } } } } as never);
}

test('a path, a folder above it, the top of the tree', () => {
  const paths = skipped(['a/b', 'c']);
  const has = ['a/b', 'a/b/c/d', 'c', 'c/d', 'a', 'a/bc', 'cd', ''].filter((path) => paths.has(Buffer.from(path)));
  assert.deepEqual(has, ['a/b', 'a/b/c/d', 'c', 'c/d']);
  assert.ok(skipped(['.']).has(Buffer.from('anything/at all')));
  assert.ok(!skipped([]).has(Buffer.from('a')));
});

test('names that are no text are found under either way of writing them', () => {
  const path = Buffer.from([0x62, 0xe9, 0x0a]);
  assert.ok(skipped(['b\\xe9\\n']).has(path));
  assert.ok(skipped([path.toString('utf8')]).has(path));
  assert.ok(!skipped(['b']).has(path));
});

test('what was skipped and is not named is counted', () => {
  assert.equal(skipped(['a'], 12).unnamed, 11);
  assert.equal(skipped(['a']).unnamed, 0);
});
