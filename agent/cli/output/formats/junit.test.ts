import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SaxesParser } from 'saxes';
import { renderJunit } from './junit.ts';
import { diagnostic, hostile, validation, whole } from './validation.fixture.ts';

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/** Throws when it is not well-formed XML 1.0. */
function parse(xml: string): Element {
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const parser = new SaxesParser();
  parser.on('error', (error) => assert.fail(`${error.message}\n${xml}`));
  parser.on('opentag', ({ name, attributes }) => {
    const element = { name, attributes: { ...attributes }, children: [], text: '' };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    const here = open.at(-1);
    if (here) here.text += text;
  });
  parser.on('closetag', () => void open.pop());
  parser.write(xml).close();
  const [only] = root.children;
  assert.ok(only);
  return only;
}

test('a file is a suite, a mistake a test that failed', () => {
  const suites = parse(renderJunit(validation([whole, diagnostic({ severity: 'warning', code: 'HF4007' })])));
  assert.equal(suites.name, 'testsuites');
  const [suite] = suites.children;
  assert.deepEqual(suite?.attributes, {
    name: 'etc/holdfast.yaml',
    tests: '2',
    failures: '1',
    errors: '0',
    skipped: '0',
    time: '0',
  });
  const [failed, passed] = suite.children;
  assert.deepEqual(failed?.attributes, {
    classname: 'etc/holdfast.yaml',
    name: 'HF2001 unknown field "retension"',
    file: 'etc/holdfast.yaml',
    line: '3',
    time: '0',
  });
  const [failure] = failed.children;
  assert.equal(failure?.name, 'failure');
  assert.deepEqual(failure.attributes, { message: 'unknown field "retension"', type: 'HF2001' });
  assert.deepEqual(failure.text.split('\n'), [
    'etc/holdfast.yaml:3:5: error[HF2001] unknown field "retension"',
    '3 │     retension: {}',
    'did you mean "retention"?',
    'hint: there is one',
    'origin: from defaults.jobs',
    'see also: etc/more.yaml:7:2: first written here',
  ]);
  assert.deepEqual(
    passed?.children.map(({ name }) => name),
    ['system-out'],
  );
});

test('with --strict a warning fails too, a note does not', () => {
  const both = (['warning', 'note'] as const).map((severity) => diagnostic({ severity }));
  const { attributes } = parse(renderJunit(validation(both, { strict: true, valid: false, exit: 78 })));
  assert.deepEqual([attributes['tests'], attributes['failures']], ['2', '1']);
});

test('a policy without mistakes is a test that passes: Jenkins refuses a report without tests', () => {
  const [suite] = parse(renderJunit(validation([]))).children;
  assert.deepEqual(
    suite?.children.map(({ attributes, children }) => [attributes['name'], children.length]),
    [['can be used', 0]],
  );
});

test('tests are told apart by their names, which have no line in them', () => {
  const [suite] = parse(renderJunit(validation([diagnostic(), diagnostic(), diagnostic()]))).children;
  assert.deepEqual(
    suite?.children.map(({ attributes }) => attributes['name']?.slice(-4)),
    ['ion"', ' (2)', ' (3)'],
  );
});

test('counts are those of what is there, over several files', () => {
  const other = { file: '/elsewhere/b.yaml', line: 1, column: 1, endColumn: 2 };
  const suites = parse(renderJunit(validation([diagnostic(), diagnostic({ at: other })])));
  assert.deepEqual(
    suites.children.map(({ attributes, children }) => [attributes['name'], children.length, attributes['tests']]),
    [
      ['etc/holdfast.yaml', 1, '1'],
      ['/elsewhere/b.yaml', 1, '1'],
    ],
  );
  assert.deepEqual([suites.attributes['tests'], suites.attributes['failures']], ['2', '2']);
});

test('text of others is well-formed, and still readable', () => {
  const xml = renderJunit(validation([hostile], { files: [] }));
  const [suite] = parse(xml).children;
  const failure = suite?.children[0]?.children[0];
  assert.match(failure?.attributes['message'] ?? '', /<b a="1">&'\|`\[l\]/);
  assert.match(failure?.text ?? '', /\\x1b\[31m/);
  assert.match(failure?.text ?? '', /##\[error\]z/);
  assert.doesNotMatch(xml, /^\s*::|##\[/m, 'no command where a log of GitHub Actions shows the file');
});
