import type { Place } from './diagnostic.ts';

/** Longer lines are shown in part: a policy in one line of JSON must not be printed whole for every mistake in it. */
const LONGEST = 160;

/** Text of a policy and the starts of its lines: gives {@link Place}s for offsets. */
export class Excerpts {
  readonly #file: string;
  readonly #text: string;
  readonly #starts: number[] = [0];

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  /** The range from `start` to `end`, as far as it lies on its first line; at least one column wide. */
  place(start: number, end: number): Place {
    const index = this.#lineOf(Math.min(start, this.#text.length));
    const line = this.#line(index);
    const from = Math.min(start - this.#start(index), line.length);
    const to = Math.max(from + 1, Math.min(end - this.#start(index), line.length));
    const cut = line.length <= LONGEST ? 0 : Math.max(0, Math.min(from - 40, line.length - LONGEST));
    const before = index > 0 ? conceal(this.#line(index - 1)).slice(0, LONGEST) : undefined;
    return {
      at: { file: this.#file, line: index + 1, column: from + 1, endColumn: to + 1 },
      sourceLine: conceal(line).slice(cut, cut + LONGEST),
      sourceColumn: from - cut + 1,
      ...(before === undefined ? {} : { lineBefore: before }),
    };
  }

  #line(index: number): string {
    const line = this.#text.slice(this.#start(index), this.#starts[index + 1] ?? this.#text.length);
    return line.replace(/\r?\n?$/, '');
  }

  #start(index: number): number {
    return this.#starts[index] ?? 0;
  }

  #lineOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#start(middle) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

const SECRET_FIELD =
  /((?:password|passphrase|passwd|secret|token|webhook|(?:api|access|private)[-_]?key)[\w-]*["']?\s*:\s*)([^\s{#&*,}][^,}#]*)/gi;
const SECRET_IN_URL = /(:\/\/[^\s/:@]*:)([^\s/@]+)(?=@)/g;

/** Blots out what looks like a secret, letter by letter so that columns hold: diagnostics end up in the logs of CI. */
function conceal(line: string): string {
  if (line.length > 100_000) return line.replace(SECRET_IN_URL, blot);
  return line.replace(SECRET_FIELD, blot).replace(SECRET_IN_URL, blot);
}

function blot(_: string, before: string, secret: string): string {
  return before + secret.replace(/\S/g, '•');
}
