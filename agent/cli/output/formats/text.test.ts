import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderText } from './text.ts';
import { diagnostic, hostile, validation, whole } from './validation.fixture.ts';

const o = {
  cwd: '/work',
  paint: (_: string, text: string) => text,
  explain: (code: string) => `holdfast explain ${code}`,
};

test('a diagnostic at its line, where its value came from, and other places', () => {
  assert.equal(
    renderText(validation([whole]), o),
    `etc/holdfast.yaml:3:5: error[HF2001] unknown field "retension"
  3 │     retension: {}
    │     ^^^^^^^^^ did you mean "retention"?
  hint    there is one
  origin  from defaults.jobs
  see     etc/more.yaml:7:2: first written here

✖ etc/holdfast.yaml: 1 error.
What a code means: holdfast explain HF2001
`,
  );
});

test('one code is enough to say that codes are explained: that of the first error', () => {
  const warning = diagnostic({ severity: 'warning', code: 'HF4007' });
  const text = renderText(validation([warning, diagnostic(), diagnostic({ code: 'HF2002' })]), o);
  assert.deepEqual(text.match(/holdfast explain \w+/g), ['holdfast explain HF2001']);
  assert.match(renderText(validation([warning]), o), /explain HF4007\n$/);
  assert.equal(renderText(validation([]), o), '✔ etc/holdfast.yaml: no mistakes. 2 jobs can run.\n');
});

test('with --strict it is said that warnings are what fails', () => {
  const strict = { strict: true, valid: false, exit: 78, jobs: 1 } as const;
  const text = renderText(validation([diagnostic({ severity: 'warning' })], strict), o);
  assert.match(text, /^✖ etc\/holdfast\.yaml: 1 warning\. Warnings fail too: --strict\.$/m);
});

test('text of others does not drive the terminal', () => {
  const text = renderText(validation([hostile]), o);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there.
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  assert.equal(
    text.match(/^.*add-mask.*$/gm)?.length,
    text.match(/^.*31m.*$/gm)?.length,
    'no line more than there should be',
  );
});
