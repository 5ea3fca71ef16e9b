import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codes } from '../../config/codes.ts';
import { holdfast } from '../child.fixture.ts';

const explain = (...args: readonly string[]) => holdfast(['explain', ...args], { cwd: '/' });

test('a code is explained: its title, why, a wrong and a right example, what to do', () => {
  const { exit, stdout, stderr } = explain('HF2003');
  assert.deepEqual([exit, stderr], [0, '']);
  assert.match(
    stdout,
    /^error\[HF2003\] A value is of the wrong type\.\n\n[\s\S]+\nWhy it is an error\n[\s\S]+\nWrong\n {4}jobs:/,
  );
  assert.match(
    stdout,
    /\nRight\n {4}jobs:\n {6}app: \{ source: app, targets: \[local\] \}\n\nWhat to do\n[\s\S]+\.\n$/,
  );
  for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line);
});

test('a code is understood as people type and paste it', () => {
  const { stdout } = explain('HF2003');
  for (const spelled of ['hf2003', '2003', 'error[HF2003]']) assert.equal(explain(spelled).stdout, stdout, spelled);
});

test('without a code all are listed', () => {
  const { exit, stdout } = explain();
  assert.equal(exit, 0);
  for (const [code, { severity, title }] of Object.entries(codes)) {
    assert.ok(new RegExp(`^${code} +${severity} +`, 'm').test(stdout) && stdout.includes(title), code);
  }
});

test('--json is one document', () => {
  const one = JSON.parse(explain('HF4007', '--json').stdout);
  assert.deepEqual(Object.keys(one), ['code', 'severity', 'title', 'means', 'why', 'wrong', 'right', 'remedy']);
  assert.deepEqual([one.code, one.severity], ['HF4007', 'warning']);
  const { groups }: { groups: { codes: { code: string }[] }[] } = JSON.parse(explain('--json').stdout);
  assert.deepEqual(groups.flatMap((group) => group.codes.map(({ code }) => code)).sort(), Object.keys(codes).sort());
});

test('a code that there is not is exit 64, with what was probably meant', () => {
  for (const [wanted, meant] of [
    ['HF203', /Did you mean HF2003\?/],
    ['FH4001', /Did you mean HF4001\?/],
    ['TARGET_MISSING', /explain lists them all/],
    ['constructor', /explain lists them all/],
  ] as const) {
    const { exit, stdout, stderr } = explain(wanted);
    assert.deepEqual([exit, stdout], [64, '']);
    assert.match(stderr, meant);
  }
});
