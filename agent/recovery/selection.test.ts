import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Selection } from './selection.ts';

const TREE = [
  '',
  'docs/',
  'docs/a.conf',
  'docs/private/',
  'docs/private/key',
  'etc/',
  'etc/docs/',
  'etc/docs/x',
  'z.conf',
];

/** Which of the paths are selected; folders end in `/`. */
function selected(patterns: readonly string[], paths: readonly (string | Buffer)[] = TREE): string[] {
  const selection = new Selection(patterns);
  return paths.map(Buffer.from).flatMap((path) => {
    const folder = path.at(-1) === 0x2f;
    const record = { path: folder ? path.subarray(0, -1) : path, kind: folder ? 'directory' : 'file' } as const;
    return selection.has(record) ? [path.toString('latin1')] : [];
  });
}

const places = (...patterns: string[]) => new Selection(patterns).places.map((place) => Buffer.from(place).toString());

test('a path with a slash is one from the top; a name alone is one at any depth', () => {
  assert.deepEqual(selected(['docs']), [
    'docs/',
    'docs/a.conf',
    'docs/private/',
    'docs/private/key',
    'etc/docs/',
    'etc/docs/x',
  ]);
  for (const pattern of ['docs/', '/docs', './docs', './docs/', '//docs/']) {
    assert.deepEqual(selected([pattern]), ['docs/', 'docs/a.conf', 'docs/private/', 'docs/private/key'], pattern);
    assert.deepEqual(places(pattern), ['docs'], pattern);
  }
  assert.deepEqual(selected(['*.conf']), ['docs/a.conf', 'z.conf']);
  assert.deepEqual(selected(['etc/docs/x', 'z.conf/']), ['etc/docs/x']);
});

test('it is known where paths lie, up to their first wildcard, and of names only that they lie anywhere', () => {
  assert.deepEqual(places('a/b/c', 'src/**/*.ts', '/x', 'a/b*/c'), ['a/b/c', 'src', 'x', 'a']);
  for (const anywhere of ['name', '*.conf', '**/x', '/*.conf', '.', '/', '[a/b]', '?/x']) {
    assert.deepEqual(places('a/b', anywhere), ['a/b', ''], anywhere);
  }
  assert.deepEqual(places('a/b', '!c/d'), ['a/b']);
  assert.deepEqual(places('!c/d'), ['']);
  assert.deepEqual(places('a\\*/b\\[', 'x\\\\y/z'), ['a*/b[', 'x\\y/z']);
});

test('the last pattern that means a path or a folder above it decides', () => {
  assert.deepEqual(selected(['docs/', '!docs/private/']), ['docs/', 'docs/a.conf']);
  assert.deepEqual(selected(['*.conf', '!docs']), ['z.conf']);
  assert.deepEqual(selected(['docs/', '!docs/private', 'key']), ['docs/', 'docs/a.conf', 'docs/private/key']);
  assert.deepEqual(selected(['!etc', '!*.conf']), ['', 'docs/', 'docs/private/', 'docs/private/key']);
  assert.deepEqual(selected([]), TREE);
  assert.deepEqual(selected(['.']), TREE.slice(1));
});

test('names that are no text, or look like a pattern, can be asked for', () => {
  const odd = [
    Buffer.from([0x62, 0xe9, 0x62]),
    Buffer.from([0xe2, 0x82]),
    'new\nline',
    'end\\\n',
    'esc\x1b[1m',
    '#comment',
    '!not',
    ' ',
    'trailing  ',
    'a\\b',
    'x\\x41',
    'xA',
    'scan[1]*.pdf',
    'open[',
  ];
  const asks: [pattern: string, found: string | Buffer][] = [
    ['b\\xe9b', odd[0] as Buffer],
    ['b\ufffdb', odd[0] as Buffer],
    ['\ufffd', odd[1] as Buffer],
    ['/b\\xe9b', odd[0] as Buffer],
    ['b[\\x80-\\xff]b', odd[0] as Buffer],
    ['new\\x0aline', 'new\nline'],
    ['new\nline', 'new\nline'],
    ['end\\\\\n', 'end\\\n'],
    ['end\\\\\\x0a', 'end\\\n'],
    ['esc\\x1b\\x5b1m', 'esc\x1b[1m'],
    ['#comment', '#comment'],
    ['\\!not', '!not'],
    [' ', ' '],
    ['trailing  ', 'trailing  '],
    ['a\\\\b', 'a\\b'],
    ['x\\\\x41', 'x\\x41'],
    ['x\\x41', 'xA'],
    ['scan[1]*.pdf', 'scan[1]*.pdf'],
    ['/scan[1]*.pdf', 'scan[1]*.pdf'],
    ['open[', 'open['],
  ];
  for (const [pattern, found] of asks)
    assert.deepEqual(selected([pattern], odd), [Buffer.from(found).toString('latin1')], JSON.stringify(pattern));
  const [place = new Uint8Array()] = new Selection(['b\\xe9/\\xff\\x2a']).places;
  assert.equal(Buffer.from(place).toString('latin1'), 'b\xe9/\xff*');
});

test('patterns that selected nothing are named as they were written', () => {
  const selection = new Selection(['docs/', './dosc', '!etc', '*.conf']);
  selection.has({ path: Buffer.from('docs/a.conf'), kind: 'file' });
  assert.deepEqual(selection.idle, ['./dosc']);
});

test('what was asked about is not remembered', () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const selection = new Selection(['kept/**/x']);
  const used = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = used();
  for (let i = 0; i < 60_000; i++) selection.has({ path: Buffer.from(`kept/${i}/a name ${i}`), kind: 'file' });
  const grown = used() - before;
  assert.equal(selection.idle.length, 1);
  assert.ok(grown < 8e6, `${(grown / 1e6).toFixed(0)} MB`);
});
