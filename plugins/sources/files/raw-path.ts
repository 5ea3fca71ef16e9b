/**
 * A path or name as the file system has it: one character (U+0000 to U+00FF) for each byte. Comparing two of them compares
 * their bytes, names that are not UTF-8 survive, and they cost a fifth of what a Buffer each would.
 */
export type RawPath = string;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII begins with control characters
const notAscii = /[^\x00-\x7f]/;

export function rawPath(text: string): RawPath {
  return notAscii.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

export function rawPathOf(bytes: Uint8Array): RawPath {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

export function bytesOf(path: RawPath): Buffer {
  return Buffer.from(path, 'latin1');
}

/** What `node:fs` takes for this path. Strings are quicker than Buffers, but Node writes them as UTF-8. */
export function systemPath(path: RawPath): string | Buffer {
  return notAscii.test(path) ? bytesOf(path) : path;
}

/** The path as text; bytes that are not UTF-8 become U+FFFD. */
export function textOf(path: RawPath): string {
  return notAscii.test(path) ? Buffer.from(path, 'latin1').toString('utf8') : path;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The path for messages: whatever could move a cursor, reorder text or is not UTF-8 is written as an escape. */
export function printable(path: RawPath): string {
  if (path === '') return '.';
  try {
    const text = notAscii.test(path) ? strict.decode(bytesOf(path)) : path;
    return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escapeCharacter);
  } catch {
    return path.replace(/[^\x20-\x7e]/g, escapeCharacter);
  }
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (character === '\n') return '\\n';
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

export function childOf(folder: RawPath, name: RawPath): RawPath {
  return folder === '' ? name : folder === '/' ? `/${name}` : `${folder}/${name}`;
}

/** The folder a relative path lies in; the empty path for a name that stands alone. */
export function parentOf(path: RawPath): RawPath {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

export function nameOf(path: RawPath): RawPath {
  return path.slice(path.lastIndexOf('/') + 1);
}
