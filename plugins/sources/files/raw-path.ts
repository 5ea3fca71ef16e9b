import { printablePath } from 'holdfast/plugin';

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

/** The path for messages, as every other message has it; `.` for the empty one. */
export function printable(path: RawPath): string {
  return path === '' ? '.' : printablePath(bytesOf(path));
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
