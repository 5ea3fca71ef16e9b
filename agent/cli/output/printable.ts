import { pathOfText, textOfPath } from '../../contract/path-text.ts';

// C0, DEL and C1 drive the terminal; bidirectional controls reorder what is read. A lone surrogate is no character at all.
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/**
 * A name that came from a file system or a repository, safe to show: whoever can create a file must not be able to
 * drive the terminal of the person who lists it. What is taken out is written as an escape, `\x1b` or `\u202e`.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/**
 * A path as raw bytes, safe to show, and as it can be asked for: in a pattern, too, `\xff` is a byte, and `\\` a backslash. So are
 * written the bytes that are not UTF-8, and those of characters that are not shown.
 */
export function printablePath(path: Uint8Array): string {
  return textOfPath(path)
    .replaceAll('\\', '\\\\')
    .replace(UNPRINTABLE, (character) =>
      Array.from(pathOfText(character), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
    );
}

/** The pattern that means this path and no other. */
export function exactly(path: Uint8Array): string {
  return `/${printablePath(path).replace(/[*?[]/g, '\\$&')}`;
}
