/*
 * Paths are bytes, patterns and terminals are text. As text, a byte that is no part of UTF-8 is the lone surrogate U+DC00 + byte,
 * which no UTF-8 stands for: so no two paths are one text, and the text gives the bytes back.
 */
const ESCAPED = 0xdc00;
const REPLACEMENT = '\ufffd';
const escaped = /[\udc80-\udcff]/u;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function textOfPath(path: Uint8Array): string {
  const text = Buffer.from(path.buffer, path.byteOffset, path.length).toString('utf8');
  return text.includes(REPLACEMENT) ? byteByByte(path) : text;
}

/** The bytes that {@link textOfPath} made this of. Other lone surrogates become U+FFFD. */
export function pathOfText(text: string): Uint8Array {
  if (!escaped.test(text)) return Buffer.from(text);
  return Buffer.concat(
    Array.from(text, (character) => {
      const code = character.codePointAt(0) ?? 0;
      return code >= ESCAPED + 0x80 && code <= ESCAPED + 0xff ? Buffer.of(code - ESCAPED) : Buffer.from(character);
    }),
  );
}

function byteByByte(path: Uint8Array): string {
  let text = '';
  for (let at = 0; at < path.length; ) {
    const first = path[at] ?? 0;
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const character = decoded(path.subarray(at, at + length));
    text += character ?? String.fromCharCode(ESCAPED + first);
    at += character === undefined ? 1 : length;
  }
  return text;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}
