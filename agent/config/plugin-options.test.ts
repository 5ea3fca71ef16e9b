import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret, Type } from '../contract/index.ts';
import { fieldSchema, isSchema, resolvePaths } from './plugin-options.ts';

const schema = JSON.parse(
  JSON.stringify(
    Type.Object({
      file: Type.String({ format: 'path' }),
      text: Type.String(),
      sets: Type.Record(Type.String({ pattern: '^[a-z]+$' }), Type.Object({ key: Secret }), {
        additionalProperties: false,
      }),
    }),
  ),
);

test('paths are made absolute in fields of any name, too, and nothing else is', () => {
  const options = { file: 'a', text: 'b', sets: { one: { key: { file: 'c' } }, two: { key: { env: 'D' } } }, odd: 'e' };
  const seen: string[] = [];
  const resolved = resolvePaths(schema, options, ['sources', 'db'], (path, at) => {
    seen.push(at.join('.'));
    return `/folder/${path}`;
  });
  assert.deepEqual(resolved, {
    ...options,
    file: '/folder/a',
    sets: { one: { key: { file: '/folder/c' } }, two: { key: { env: 'D' } } },
  });
  assert.deepEqual(seen, ['sources.db.file', 'sources.db.sets.one.key.file']);
});

test('a field has the schema of its name, of names like it, or of any other; or none', () => {
  const sets = fieldSchema(schema, 'sets');
  assert.ok(sets !== undefined && isSchema(fieldSchema(sets, 'one')));
  assert.equal(fieldSchema(sets, 'Not-like-it'), undefined);
  assert.equal(fieldSchema(schema, 'odd'), undefined);
  assert.deepEqual(fieldSchema({ additionalProperties: { type: 'string' } }, 'x'), { type: 'string' });
});
