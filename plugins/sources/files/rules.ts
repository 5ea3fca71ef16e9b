import ignore, { type Ignore } from 'ignore';
import { type RawPath, textOf } from './raw-path.ts';

// The library remembers every path it was ever asked about. It is made anew from its own rules after so many.
const REMEMBERED = 8192;

/** Patterns with the syntax of a .gitignore, for what lies in one folder of the tree; deeper rules are asked first. */
export class Rules {
  readonly #folder: RawPath;
  readonly #outer: Rules | undefined;
  #patterns: Ignore;
  #asked = 0;

  constructor(folder: RawPath, patterns: string | readonly string[], outer?: Rules) {
    this.#folder = folder;
    this.#outer = outer;
    this.#patterns = ignore({ ignorecase: false }).add(patterns);
  }

  /** Whether `path`, below the rules' folder, is left out. What lies in a folder that was left out is never asked about. */
  excludes(path: RawPath, isFolder: boolean): boolean {
    const below = this.#folder === '' ? path : path.slice(this.#folder.length + 1);
    if (++this.#asked % REMEMBERED === 0) this.#patterns = ignore({ ignorecase: false }).add(this.#patterns);
    const { ignored, unignored } = this.#patterns.test(isFolder ? `${textOf(below)}/` : textOf(below));
    if (ignored || unignored) return ignored;
    return this.#outer?.excludes(path, isFolder) ?? false;
  }
}
