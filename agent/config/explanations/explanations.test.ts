import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { builtinPlugins } from '../../cli/builtin.ts';
import { codes } from '../codes.ts';
import { parsePolicy } from '../load.ts';
import { policyAround } from './examples.fixture.ts';
import { codeGroups } from './explanations.ts';

const plugins = builtinPlugins();
const explained = codeGroups().flatMap((group) => group.codes);

function codesOf(text: string): string[] {
  const { diagnostics } = parsePolicy({ text, file: '/etc/holdfast.yaml', host: 'h', plugins });
  return [...new Set(diagnostics.map(({ code }) => code))];
}

describe('what is shown as wrong is answered with its code, and what is shown as right with no mistake', () => {
  for (const { code, severity, explanation } of explained) {
    const { wrong, right, examples } = explanation;
    if (typeof examples === 'object') continue;
    const whole = examples === 'policy' ? (text: string) => text : policyAround;
    test(code, () => {
      assert.deepEqual(
        // What nothing acts on yet is told beside whatever else there is to tell.
        codesOf(whole(wrong)).filter(
          (one) => codes[one as keyof typeof codes].severity === severity && (one === code || one !== 'HF4901'),
        ),
        [code],
      );
      const answers = codesOf(whole(right));
      assert.ok(!answers.includes(code), `${code} again`);
      assert.deepEqual(
        answers.filter((one) => codes[one as keyof typeof codes].severity === 'error'),
        [],
      );
    });
  }
});

test('every code is in a group, once', () => {
  assert.deepEqual(explained.map(({ code }) => code).sort(), Object.keys(codes).sort());
});

test('what cannot be shown by a text says why', () => {
  const reasons = explained.flatMap(({ explanation: { examples } }) =>
    typeof examples === 'object' ? [examples] : [],
  );
  for (const { untestable } of reasons) assert.match(untestable, /^\S.{10,}$/);
  assert.ok(reasons.length <= explained.length / 4, 'most are shown');
});

test('explanations are sentences of one paragraph, and examples are short', () => {
  for (const { code, explanation } of explained) {
    const { means, why, remedy, wrong, right } = explanation;
    for (const text of [means, why, remedy]) {
      assert.match(text, /^[A-Z`0-9].*[.?]$/, `${code}: ${text}`);
      assert.equal([...text.matchAll(/`/g)].length % 2, 0, `${code}: ${text}`);
    }
    for (const text of [wrong, right]) {
      assert.ok(text.split('\n').length <= 10 && !text.endsWith('\n'), code);
      for (const line of text.split('\n')) assert.ok(line.length <= 200, `${code}: ${line}`);
    }
  }
});
