import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderChangesAsMarkdown, type ToldChange } from './policy-changes.ts';

const change = (more: Partial<ToldChange>): ToldChange => ({ path: ['jobs', 'app'], consequences: [], ...more });

test('a comment puts risks first, and says so when nothing changed', () => {
  const text = renderChangesAsMarkdown(
    [
      change({ path: ['limits', 'files'], before: 2, after: 3 }),
      change({ before: { source: 'app' }, consequences: [{ level: 'risk', text: 'nobody protects it' }] }),
    ],
    'Changes',
  );
  assert.equal(
    text,
    [
      '### Changes',
      '',
      '2 changes, 1 to look at.',
      '',
      '**Look at these**',
      '',
      '- `jobs.app` gone: `{ source: app }`',
      '  - :warning: nobody protects it',
      '',
      '**Other changes**',
      '',
      '- `limits.files` changed: `2` → `3`',
      '',
    ].join('\n'),
  );
  assert.match(renderChangesAsMarkdown([], 'Changes'), /same as before/);
});

test('no value of a policy can become markup of a comment', () => {
  const hostile = '`</code> @everyone <img src=x> [x](http://evil) **b** ``` \u001b[31m\n# heading';
  const text = renderChangesAsMarkdown(
    [change({ before: hostile, after: '`', consequences: [{ level: 'note', text: hostile }] })],
    'Changes',
  );
  const [line = '', consequence = ''] = text.split('\n').slice(6);
  assert.ok(line.includes(`\`\`\`\` ${hostile.slice(0, 20)}`) && line.endsWith('→ `` ` ``'), line);
  assert.ok(consequence.startsWith('  - \\`\\</code\\> \\@everyone \\<img src=x\\> \\[x\\](http'), consequence);
  assert.ok(!text.includes('\u001b') && !text.includes('\n# heading'));
});
