import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isNull, readField, writeField } from './copy-field.ts';
import { CopyRows, type Replacer } from './copy-rows.ts';

/** Fields as COPY may have them: text with what it escapes, other scripts, escapes that only a hand writes. */
const field = fc.oneof(
  fc
    .string({ unit: 'binary' })
    .filter((text) => !text.includes('\0'))
    .map(writeField),
  fc.constant('\\N'),
  fc.array(fc.constantFrom('\\N', '\\n', '\\\n', '\\\t', '\\\\', '\\x', '7', '.', 'é')).map((parts) => parts.join('')),
);
const width = 4;
const table = fc.array(fc.tuple(field, field, field, field), { maxLength: 6 });

/** Writes brackets around a field, so that one sees where it begins and ends. */
const bracket: Replacer = (found, out) => out.text(`[${found.toString('latin1')}]`, 'latin1');

function pushed(rows: CopyRows, pieces: readonly Uint8Array[]): string {
  return Buffer.concat([...pieces.map((piece) => rows.push(piece)), rows.end()]).toString('latin1');
}

const rowsOf = (...which: number[]) =>
  new CopyRows(
    'd.s.t',
    Array.from({ length: width }, (_, i) => (which.includes(i) ? bracket : undefined)),
  );

function fails(work: () => unknown, why: RegExp): void {
  assert.throws(
    work,
    (error: Error & { failure?: { code: string } }) => error.failure?.code === 'MASK_ROWS' && why.test(error.message),
  );
}

test('exactly the fields of the columns are replaced, wherever the stream is cut', () => {
  fc.assert(
    fc.property(
      table,
      fc.subarray([0, 1, 2, 3]),
      fc.boolean(),
      fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
      (rows, which, open, cuts) => {
        const text = (mark: (field: string, i: number) => string) => {
          const whole = rows.map((row) => `${row.map(mark).join('\t')}\n`).join('');
          return Buffer.from(open ? whole.slice(0, -1) : whole);
        };
        const data = text((one) => one);
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < data.length; ) {
          const next = cuts.next().value as number;
          pieces.push(new Uint8Array(data.subarray(at, at + next)));
          at += next;
        }
        const expected = text((one, i) => (which.includes(i) ? `[${one}]` : one)).toString('latin1');
        assert.equal(pushed(rowsOf(...which), pieces).replace(/\n$/, ''), expected.replace(/\n$/, ''));
      },
    ),
    { numRuns: 1000 },
  );
});

test('every single cut gives the same', () => {
  const data = Buffer.from('a\\\tb\tc\\\\\t\\N\té\\\nx\n\t\t\t\n');
  const expected = pushed(rowsOf(0, 3), [data]);
  assert.equal(Buffer.from(expected, 'latin1').toString(), '[a\\\tb]\tc\\\\\t\\N\t[é\\\nx]\n[]\t\t\t[]\n');
  for (let at = 0; at <= data.length; at++)
    assert.equal(pushed(rowsOf(0, 3), [data.subarray(0, at), data.subarray(at)]), expected, `cut at ${at}`);
});

test('what takes the place of a field may be much longer', () => {
  const long = 'é'.repeat(100_000);
  const rows = new CopyRows('t', [(_, out) => out.text(long, 'utf8'), undefined]);
  assert.equal(Buffer.from(rows.push(Buffer.from('a\tb\nc\td\n'))).toString(), `${long}\tb\n${long}\td\n`);
});

test('a piece may be written over once it was taken', () => {
  const rows = rowsOf(0);
  const piece = Buffer.from('secret');
  const first = Buffer.from(rows.push(piece)).toString();
  piece.fill('?');
  assert.equal(first + Buffer.from(rows.push(Buffer.from('\t\t\t\n'))).toString(), '[secret]\t\t\t\n');
});

test('rows that are not those of the table are refused, not passed by', () => {
  const whole =
    (text: string, rows = rowsOf(3)) =>
    () =>
      pushed(rows, [Buffer.from(text)]);
  fails(whole('a\tb\tc\n'), /fewer/);
  fails(whole('a\tb\tc'), /fewer/);
  fails(whole('a\tb\tc\td\te\n'), /more/);
  fails(whole('a\tb\tc\td\\'), /middle/);
  fails(whole('\\.\n', new CopyRows('t', [bracket])), /mark/);
  assert.equal(whole('a\tb\tc\td\n', rowsOf(3))(), 'a\tb\tc\t[d]\n');
  assert.equal(whole('')(), '');
});

test('a value that is written is read as it was, and never ends a field', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (text) => {
      const written = writeField(text);
      assert.equal(readField(Buffer.from(written), 'utf8'), text);
      assert.doesNotMatch(written, /[\t\n\r]/);
    }),
    { numRuns: 1000 },
  );
  for (const text of ['\\N', '\\.', 'N', '\b\f\n\r\t\v\\'])
    assert.equal(readField(Buffer.from(writeField(text)), 'utf8'), text);
});

test('all escapes are read, and NULL', () => {
  const read = (text: string) => readField(Buffer.from(text), 'utf8');
  assert.ok(isNull(Buffer.from('\\N')));
  for (const text of ['', 'N', '\\n', '\\N\\N', '\\\\N']) assert.ok(!isNull(Buffer.from(text)));
  assert.equal(read('\\b\\f\\n\\r\\t\\v\\\\'), '\b\f\n\r\t\v\\');
  assert.equal(read('\\101\\60\\7x\\1018'), 'A0\x07xA8');
  assert.equal(read('\\x41\\x4a2\\xA'), 'AJ2\n');
  assert.equal(read('\\303\\251\\xc3\\xa9'), 'éé');
  assert.equal(read('\\q\\xg\\\té\\\\N'), 'qxg\té\\N');
  assert.equal(readField(Buffer.of(0xff, 0x5c, 0x74), 'latin1'), '\xff\t');
});
