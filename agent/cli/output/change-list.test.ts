import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change } from '../../contract/index.ts';
import { FirstChanges } from './change-list.ts';

const change = (path: string, action: Change['action']): Change => ({
  path: Buffer.from(path),
  kind: 'file',
  action,
  differs: [],
});

test('what would be removed is shown first, however late it is found', () => {
  const first = new FirstChanges(4);
  for (const path of ['a', 'b', 'c', 'd', 'e']) first.add(change(path, 'content'));
  for (const path of ['x', 'y']) first.add(change(path, 'remove'));
  const words = first.all.map(({ path, action }) => `${action} ${Buffer.from(path)}`);
  assert.deepEqual(words, ['remove x', 'remove y', 'content a', 'content b']);
});
