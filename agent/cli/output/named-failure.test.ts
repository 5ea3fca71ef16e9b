import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namedFailure } from './named-failure.ts';

test('what was left out is named once', () => {
  const said = (what: string, message: string) => namedFailure('skipped', what, { message, code: 'CODE' });
  assert.equal(said('a/b', 'cannot list a/b: EACCES'), 'skipped: cannot list a/b: EACCES (CODE)');
  assert.equal(said('b', '/srv/a/b could not be read (EACCES)'), 'skipped: /srv/a/b could not be read (EACCES) (CODE)');
  assert.equal(said('a', 'cannot list it'), 'skipped: a: cannot list it (CODE)');
  assert.equal(said('a/b', 'cannot list a/bc'), 'skipped: a/b: cannot list a/bc (CODE)');
  assert.equal(said('x\u202e', 'no'), 'skipped: x\\u202e: no (CODE)');
});
