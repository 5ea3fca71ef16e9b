import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Path } from './diagnostic.ts';
import { PolicyDocument } from './document.ts';

const read = (text: string) => new PolicyDocument('/p.yaml', text);
const keyAt = (document: PolicyDocument, path: Path) => spot(document.keyAt(path));
const valueAt = (document: PolicyDocument, path: Path) => spot(document.valueAt(path));
const spot = ({ at }: { at: { line: number; column: number; endColumn: number } }) =>
  `${at.line}:${at.column}-${at.endColumn}`;

describe('places', () => {
  test('of keys and values, in block and flow, in lists', () => {
    const document = read('a:\n  b: [one, {c: two}]\n');
    assert.equal(keyAt(document, ['a', 'b']), '2:3-4');
    assert.equal(valueAt(document, ['a', 'b', 0]), '2:7-10');
    assert.equal(keyAt(document, ['a', 'b', 1, 'c']), '2:13-14');
    assert.equal(valueAt(document, ['a', 'b', 1, 'c']), '2:16-19');
    assert.equal(keyAt(document, ['a', 'b', 1]), '2:12-20', 'what has no key is its own name');
  });

  test('of what was left empty is that of its name', () => {
    assert.equal(valueAt(read('a:\n  b:\n'), ['a', 'b']), '2:3-4');
    assert.equal(valueAt(read('a: null\n'), ['a']), '1:4-8');
  });

  test('do not move by CRLF or a byte order mark', () => {
    const document = read('\uFEFFa: 1\r\nb: 2\r\n');
    assert.deepEqual(document.content, { a: 1, b: 2 });
    assert.equal(keyAt(document, ['a']), '1:1-2');
    assert.equal(valueAt(document, ['b']), '2:4-5');
    assert.equal(document.valueAt(['b']).sourceLine, 'b: 2');
    assert.equal(document.valueAt(['b']).lineBefore, 'a: 1');
  });

  test('of what an alias or a merge key brought are where it was written', () => {
    const document = read('base: &base\n  x: 1\n  y: 2\nuse:\n  <<: *base\n  y: 3\nlist: [*base]\n');
    assert.deepEqual(document.content, { base: { x: 1, y: 2 }, use: { y: 3, x: 1 }, list: [{ x: 1, y: 2 }] });
    assert.equal(keyAt(document, ['use', 'x']), '2:3-4');
    assert.equal(valueAt(document, ['use', 'y']), '6:6-7');
    assert.equal(valueAt(document, ['list', 0, 'y']), '3:6-7');
  });

  test('of what is not there are the nearest there is, never a failure', () => {
    const document = read('a: 1\n');
    assert.equal(valueAt(document, []), '1:1-5');
    assert.equal(document.keyAt(['b', 'c', 0]).at.line, 1);
    assert.equal(read('').keyAt(['a']).at.line, 1);
  });

  test('in JSON indented by tabs', () => {
    const document = read('{\n\t"a": {\n\t\t"b": [1,\n\t\t\t2]\n\t}\n}\n');
    assert.deepEqual(document.diagnostics, []);
    assert.deepEqual(document.content, { a: { b: [1, 2] } });
    assert.equal(valueAt(document, ['a', 'b', 1]), '4:4-5');
  });

  test('in a very long line are shown with what is around them', () => {
    const document = read(`{ ${'"filler": 1, '.repeat(1).padEnd(50_000)}"here": 2 }`);
    const place = document.keyAt(['here']);
    assert.ok(place.sourceLine.length <= 160);
    assert.equal(place.sourceLine.slice(place.sourceColumn - 1, place.sourceColumn + 5), '"here"');
    assert.equal(place.at.column, 50_003);
  });
});

describe('values', () => {
  test('are those of YAML 1.2: no octal surprises, no dates, no yes', () => {
    const document = read('a: yes\nb: 2024-12-19\nc: 0o17\nd: 15:00\ne: 1_000\nf: ~\n');
    assert.deepEqual(document.content, { a: 'yes', b: '2024-12-19', c: 15, d: '15:00', e: '1_000', f: null });
  });

  test('keys that mean something to JavaScript are only keys', () => {
    const document = read('__proto__: { admin: true }\nconstructor: 1\n');
    assert.deepEqual(Object.keys(Object(document.content)), ['__proto__', 'constructor']);
    assert.equal(Object.getPrototypeOf(document.content), Object.prototype);
  });

  test('numbers and words as keys are text', () => {
    assert.deepEqual(read('1: a\ntrue: b\n0x10: c\n').content, { 1: 'a', true: 'b', '0x10': 'c' });
  });

  test('of a repeated key are the first, and the policy is read on', () => {
    const document = read('a: 1\nb: 2\na: 3\n');
    assert.deepEqual(document.content, { a: 1, b: 2 });
    assert.deepEqual(
      document.diagnostics.map(({ code, at }) => [code, at.line]),
      [['HF1005', 3]],
    );
    assert.equal(document.broken, false);
  });
});

describe('hostile text', () => {
  const codesOf = (text: string) => [...new Set(read(text).diagnostics.map(({ code }) => code))];

  test('an alias bomb is refused, not expanded', () => {
    const bomb = ['l0: &l0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 30; level++) bomb.push(`l${level}: &l${level} [${`*l${level - 1}, `.repeat(10)}]`);
    assert.deepEqual(codesOf(bomb.join('\n')), ['HF1008']);
  });

  test('an anchor may be used ten thousand times', () => {
    const document = read(`base: &base { a: 1 }\nall:\n${'  - *base\n'.repeat(5000)}  - { <<: *base }\n`);
    assert.deepEqual(document.diagnostics, []);
  });

  test('depth is refused, shallow or beyond the parser', () => {
    assert.deepEqual(codesOf('['.repeat(100) + ']'.repeat(100)), ['HF1013']);
    assert.deepEqual(codesOf('['.repeat(200_000)), ['HF1013']);
  });

  test('what looks secret is not shown, on the line or the one before', () => {
    const { sourceLine, lineBefore } = read('password: hunter2\nurl: https://me:hunter2@host/ # x\n').valueAt(['url']);
    assert.equal(lineBefore, 'password: •••••••');
    assert.equal(sourceLine, 'url: https://me:•••••••@host/ # x');
    assert.equal(read('{"secretKey": "abc", "b": 1}').keyAt(['b']).sourceLine, '{"secretKey": •••••, "b": 1}');
    const reference = 'password: { credential: pg }';
    assert.equal(read(reference).keyAt(['password']).sourceLine, reference);
    assert.equal(read('publicKey: keys/a.asc').keyAt(['publicKey']).sourceLine, 'publicKey: keys/a.asc');
  });
});
