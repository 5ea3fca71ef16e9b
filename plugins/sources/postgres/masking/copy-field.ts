/*
 * COPY's text format: PostgreSQL documentation, "COPY", "Text Format". Fields are separated by tabs and rows by line feeds, which stand
 * inside a field as `\t` and `\n`, as a backslash is `\\`; `\N` alone is NULL. Encodings of servers have no byte below 128 inside other
 * characters, so that bytes are as good as characters here.
 */
export const [TAB, LINE_FEED, BACKSLASH] = [0x09, 0x0a, 0x5c];
const NULL_LETTER = 0x4e;

const NAMED: Readonly<Record<number, number>> = { 98: 8, 102: 12, 110: 10, 114: 13, 116: 9, 118: 11 };
const ESCAPED: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

/** `latin1`: bytes as they are, one a character, for a database that has no encoding (SQL_ASCII). */
export type FieldEncoding = 'utf8' | 'latin1';

export function isNull(field: Buffer): boolean {
  return field.length === 2 && field[0] === BACKSLASH && field[1] === NULL_LETTER;
}

/** What a field means that is not NULL. */
export function readField(field: Buffer, encoding: FieldEncoding): string {
  if (!field.includes(BACKSLASH)) return field.toString(encoding);
  return unescaped(field).toString(encoding);
}

/** A value as a field. */
export function writeField(text: string): string {
  return /[\b-\r\\]/.test(text) ? text.replaceAll(/[\b-\r\\]/g, (one) => ESCAPED[one] ?? one) : text;
}

function unescaped(field: Buffer): Buffer {
  const made = Buffer.allocUnsafe(field.length);
  let length = 0;
  for (let at = 0; at < field.length; at++) {
    const byte = field[at] as number;
    if (byte !== BACKSLASH || at + 1 === field.length) {
      made[length++] = byte;
      continue;
    }
    const next = field[++at] as number;
    const [digits, radix] = numberAt(field, at);
    if (digits > 0) {
      const from = radix === 16 ? at + 1 : at;
      made[length++] = Number.parseInt(field.toString('latin1', from, from + digits), radix) & 0xff;
      at = from + digits - 1;
    } else made[length++] = NAMED[next] ?? next;
  }
  return made.subarray(0, length);
}

/** How many digits of a byte's number stand there: `\ooo` up to three octal, `\xhh` up to two hexadecimal ones. */
function numberAt(field: Buffer, at: number): readonly [digits: number, radix: 8 | 16] {
  const shown = field.toString('latin1', at, at + 3);
  const octal = /^[0-7]+/.exec(shown)?.[0].length ?? 0;
  if (octal > 0) return [octal, 8];
  return [(/^x([0-9a-f]+)/i.exec(shown)?.[1] ?? '').length, 16];
}
