import assert from 'node:assert/strict';
import { test } from 'node:test';
import { optionsTable } from './options-table.ts';

test('a row for every option: type, default or required, meaning', () => {
  const table = optionsTable({
    properties: {
      type: { const: 'local' },
      path: { type: 'string', description: 'Where | it is.' },
      level: { type: 'integer', default: 3, description: 'How hard.' },
      modes: { type: 'array', items: { enum: ['a', 'b'] }, description: 'Which.' },
      secret: { anyOf: [{ type: 'string' }, { type: 'object' }], description: 'From where.' },
    },
    required: ['type', 'path'],
  });
  assert.deepEqual(table.split('\n').slice(2), [
    '| `path` | text | required | Where \\| it is. |',
    '| `level` | integer | `3` | How hard. |',
    '| `modes` | list of `a`, `b` |  | Which. |',
    '| `secret` | text or mapping |  | From where. |',
    '',
  ]);
});

test('nested options are named with their way in', () => {
  const tls = {
    type: 'object',
    properties: { ca: { type: 'string', description: 'The authority.' } },
    required: ['ca'],
  };
  assert.match(optionsTable({ properties: { tls } }), /^\| `tls\.ca` \| text \| required \| The authority\. \|$/m);
});

test('a plugin without options says so', () => {
  assert.equal(optionsTable({ properties: { type: { const: 'none' } } }), 'It has no options.\n');
  assert.equal(optionsTable({}), 'It has no options.\n');
});
