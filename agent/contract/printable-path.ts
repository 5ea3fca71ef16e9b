import { pathOfText, textOfPath } from './path-text.ts';

/*
 * C0, DEL and C1 drive the terminal; bidirectional controls reorder what is read; what is not shown at all lets two names look like one.
 * A lone surrogate is no character.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Text that came from a file system, a repository or a program, safe to show: whoever can create a file must not be able to
 * drive the terminal of the person who lists it. What is taken out is written as an escape, `\x1b`, `\u202e` or `\u{e0001}`. What was
 * made safe before stays as it is.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/**
 * A path as raw bytes, safe to show, and as it can be asked for: in a pattern, too, `\xff` is a byte, and `\\` a backslash. So are
 * written the bytes that are not UTF-8, and those of characters that are not shown. This is how a path stands in every message.
 */
export function printablePath(path: Uint8Array): string {
  return textOfPath(path)
    .replaceAll('\\', '\\\\')
    .replace(UNPRINTABLE, (character) =>
      Array.from(pathOfText(character), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
    );
}
