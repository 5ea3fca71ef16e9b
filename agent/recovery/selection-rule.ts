import ignore, { type Ignore } from 'ignore';
import { pathOfText, textOfPath } from '../contract/path-text.ts';

// The library remembers every path it was ever asked about. It is made anew from its own rules after so many.
const REMEMBERED = 8192;
const escaped = /[\udc80-\udcff]/u;
const control = /^\p{Cc}$/u;
const PLAIN = /[\p{L}\p{N}_./-]/u;

/** One pattern of a selection: which paths it means, and where in a tree all of them lie. */
export class SelectionRule {
  /** As it was written. */
  readonly pattern: string;
  /** Begins with `!`. */
  readonly takesBack: boolean;
  /** The path that all it means lies at or below; empty for anywhere. */
  readonly place: Uint8Array;
  /** Written with what a shell, or whoever reads text, has for bytes that are not UTF-8: it means any of them. */
  readonly #isLossy: boolean;
  #matcher: Ignore;
  #asked = 0;

  constructor(pattern: string) {
    this.pattern = pattern;
    this.takesBack = pattern.startsWith('!');
    const rule = ruleOf(this.takesBack ? pattern.slice(1) : pattern, this.takesBack);
    this.place = placeOf(rule);
    this.#isLossy = rule.includes('\ufffd');
    // Also as a name: whoever is shown `scan[1].pdf` asks for that.
    this.#matcher = ignore({ ignorecase: false }).add(isWild(rule) ? [rule, literalOf(rule)] : [rule]);
  }

  /** Whether it means `path`, or a folder above it. Text as of `textOfPath`; that of a folder ends in `/`. */
  means(path: string): boolean {
    const asked = this.#isLossy && escaped.test(path) ? Buffer.from(pathOfText(path)).toString('utf8') : path;
    if (++this.#asked % REMEMBERED === 0) this.#matcher = ignore({ ignorecase: false }).add(this.#matcher);
    return this.#matcher.ignores(asked);
  }
}

/** What the library takes for what was written. */
function ruleOf(written: string, takesBack: boolean): string {
  const rule = unescaped(written)
    .replace(/^(\.\/)+|^\.$/, '/')
    .replace(/\/{2,}/g, '/');
  if (rule === '/') return '/**';
  // No line of a file: these are names as well as any other.
  const exact = rule.replace(/^#/, '\\#').replace(/(?<!\\) +$/, (spaces) => '\\ '.repeat(spaces.length));
  const isFolder = exact.endsWith('/') && !exact.startsWith('/') && !isWild(exact);
  return isFolder && !takesBack ? `/${exact}` : exact;
}

/** Puts in the bytes that are written `\xff`, so that they mean themselves. */
function unescaped(written: string): string {
  return written.replace(
    /((?:\\x[0-9a-fA-F]{2})+)|\\([\s\S])|\p{Cc}/gu,
    (whole, run: string | undefined, one: string | undefined) => {
      if (run !== undefined) return quoted(textOfPath(Buffer.from(run.replaceAll('\\x', ''), 'hex')));
      return control.test(one ?? whole) ? quoted(one ?? whole) : whole;
    },
  );
}

/** The library takes a line end off the end of a pattern; in brackets it means itself. */
function quoted(text: string): string {
  return Array.from(text, (character) => {
    if (control.test(character)) return `[${character}]`;
    return PLAIN.test(character) || escaped.test(character) ? character : `\\${character}`;
  }).join('');
}

/** The rule, its wildcards meaning themselves. */
function literalOf(rule: string): string {
  return rule.replace(/\\[\s\S]|\[\p{Cc}\]|[*?[]/gu, (token) => (token.length > 1 ? token : `\\${token}`));
}

/** A rule with a slash before its end is a path from the top; up to its first wildcard, it is known where that leads. */
function placeOf(rule: string): Uint8Array {
  const whole = rule.replace(/\/$/, '');
  if (!whole.includes('/')) return new Uint8Array();
  const parts = whole.split('/').filter((part) => part !== '');
  const wild = parts.findIndex(isWild);
  const known = wild < 0 ? parts : parts.slice(0, wild);
  return pathOfText(unbracketed(known.join('/')).replace(/\\([\s\S])/g, '$1'));
}

/** Whether it stands for other names than the one it is. */
function isWild(text: string): boolean {
  return /[*?[\ufffd]/.test(unbracketed(text).replace(/\\[\s\S]/g, ''));
}

function unbracketed(text: string): string {
  return text.replace(/\[(\p{Cc})\]/gu, '$1');
}
