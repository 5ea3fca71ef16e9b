import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { codes } from './codes.ts';
import { gatherText } from './gathering.ts';
import { checkEverywhere } from './load.ts';
import { mistakes } from './mistakes.fixture.ts';
import { noVariables } from './variables.ts';

const plugins = builtinPlugins();

/** Takes the marks out of the text, and says where they stood. */
function unmark(marked: string): { text: string; places: string[] } {
  const places: string[] = [];
  const lines = marked.split('\n').map((line, index) => {
    let rest = line;
    for (let at = rest.indexOf('‸'); at >= 0; at = rest.indexOf('‸')) {
      places.push(`${index + 1}:${at + 1}`);
      rest = rest.slice(0, at) + rest.slice(at + 1);
    }
    return rest;
  });
  return { text: lines.join('\n'), places };
}

describe('every mistake is answered at its place, with its code and what was probably meant', () => {
  for (const { name, text: marked, expected } of mistakes) {
    test(name, () => {
      const { text, places } = unmark(marked);
      const gathered = gatherText(text, '/etc/holdfast.yaml', { plugins, variables: noVariables });
      const { policy, diagnostics, files } = checkEverywhere(gathered, 'h');
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      const told = errors.map(({ at, code, suggestion = '' }) =>
        `${at.line}:${at.column} ${code} ${suggestion}`.trim(),
      );
      const wanted = expected.map((what, index) => `${places[index]} ${what}`);
      assert.deepEqual(told, wanted, JSON.stringify(errors, null, 2));
      assert.equal(policy, undefined);
      assert.equal(files[0], '/etc/holdfast.yaml');
      for (const { at, message, sourceLine, code } of diagnostics) {
        assert.equal(at.file, '/etc/holdfast.yaml');
        const line = text.split('\n')[at.line - 1] ?? '';
        // A secret is blotted out, letter by letter.
        const shown = [...sourceLine].map((letter, column) => (letter === '•' ? line[column] : letter)).join('');
        assert.equal(shown, line, 'the line is that of the place');
        assert.ok(at.endColumn > at.column);
        assert.ok(message.length > 8 && code in codes);
        assert.doesNotMatch(message, /(of|for) "\d+"/, 'an entry of a list is no field called by its number');
      }
    });
  }
});

test('there are many mistakes, and they reach every error there is, but for those of files and surroundings', () => {
  assert.ok(mistakes.length >= 60, `${mistakes.length}`);
  const reached = new Set(mistakes.flatMap(({ expected }) => expected.map((what) => what.slice(0, 6))));
  const errors = Object.entries(codes).filter(([, { severity }]) => severity === 'error');
  const rest = errors.map(([code]) => code).filter((code) => !reached.has(code) && !code.startsWith('HF5'));
  // Each has a test of its own: in load.test.ts, document.test.ts, plans.test.ts, outside-plugins.test.ts and in merging/.
  assert.deepEqual(rest, [
    'HF1001',
    'HF1002',
    'HF1003',
    'HF1013',
    'HF1015',
    'HF1017',
    'HF2015',
    'HF2016',
    'HF2017',
    'HF2018',
    'HF4016',
  ]);
});
