import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { codes } from './codes.ts';
import { parsePolicy } from './load.ts';
import { mistakes } from './mistakes.fixture.ts';

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
      const { policy, diagnostics, files } = parsePolicy({ text, file: '/etc/holdfast.yaml', host: 'h', plugins });
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      const told = errors.map(({ at, code, suggestion = '' }) =>
        `${at.line}:${at.column} ${code} ${suggestion}`.trim(),
      );
      const wanted = expected.map((what, index) => `${places[index]} ${what}`);
      assert.deepEqual(told, wanted, JSON.stringify(errors, null, 2));
      assert.equal(policy, undefined);
      assert.deepEqual(files, ['/etc/holdfast.yaml']);
      for (const { at, message, sourceLine, code } of diagnostics) {
        assert.equal(at.file, '/etc/holdfast.yaml');
        assert.equal(sourceLine, text.split('\n')[at.line - 1], 'the line is that of the place');
        assert.ok(at.endColumn > at.column);
        assert.ok(message.length > 8 && code in codes);
      }
    });
  }
});

test('the table of mistakes reaches every error there is, but for those of files', () => {
  const reached = new Set(mistakes.flatMap(({ expected }) => expected.map((what) => what.slice(0, 6))));
  const errors = Object.entries(codes).filter(([, { severity }]) => severity === 'error');
  const rest = errors.map(([code]) => code).filter((code) => !reached.has(code));
  const ofFiles = ['HF1001', 'HF1002', 'HF1003', 'HF2015', 'HF2016', 'HF2017', 'HF2018'];
  assert.deepEqual(rest, [...ofFiles, 'HF1013', 'HF2011', 'HF2012'].sort());
});
