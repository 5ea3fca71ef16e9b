import ignore from 'ignore';
import type { TreeRecord } from '../repository/tree.ts';

/**
 * Which entries of a tree are wanted: gitignore patterns turned round, so that a folder selects what is in it, `*.conf` selects at
 * any depth, and `!` takes back. Without patterns everything is.
 */
export class Selection {
  readonly #rules: ReturnType<typeof ignore> | undefined;

  constructor(patterns: readonly string[]) {
    const clean = patterns
      .map((pattern) => pattern.replace(/^\.\//, ''))
      .filter((pattern) => pattern !== '' && pattern !== '.');
    this.#rules = clean.length === 0 ? undefined : ignore({ ignorecase: false }).add(clean);
  }

  get all(): boolean {
    return this.#rules === undefined;
  }

  has(record: TreeRecord): boolean {
    if (this.#rules === undefined) return true;
    if (record.path.length === 0) return false;
    const path = Buffer.from(record.path).toString('utf8');
    return this.#rules.ignores(record.kind === 'directory' ? `${path}/` : path);
  }
}
