import ignore from 'ignore';
import type { TreeRecord } from '../repository/tree.ts';

/**
 * Which entries of a tree are wanted: gitignore patterns turned round, so that a folder selects what is in it, `*.conf` selects at
 * any depth, and `!` takes back. Without patterns everything is.
 */
export class Selection {
  readonly #rules: Rules | undefined;
  /** Each pattern that has selected nothing so far, by how it was written. */
  readonly #idle = new Map<string, Rules>();

  constructor(patterns: readonly string[]) {
    const clean = patterns
      .map((pattern) => ({ pattern, rule: pattern.replace(/^\.\//, '') }))
      .filter(({ rule }) => rule !== '' && rule !== '.');
    this.#rules = clean.length === 0 ? undefined : rules(clean.map(({ rule }) => rule));
    for (const { pattern, rule } of clean) if (!rule.startsWith('!')) this.#idle.set(pattern, rules([rule]));
  }

  /** The patterns that selected nothing of what was asked about: most often a path that was mistyped. */
  get idle(): string[] {
    return [...this.#idle.keys()];
  }

  get all(): boolean {
    return this.#rules === undefined;
  }

  has(record: TreeRecord): boolean {
    if (this.#rules === undefined) return true;
    if (record.path.length === 0) return false;
    const path = Buffer.from(record.path).toString('utf8');
    const name = record.kind === 'directory' ? `${path}/` : path;
    if (!this.#rules.ignores(name)) return false;
    for (const [pattern, alone] of this.#idle) if (alone.ignores(name)) this.#idle.delete(pattern);
    return true;
  }
}

type Rules = ReturnType<typeof ignore>;

function rules(patterns: readonly string[]): Rules {
  return ignore({ ignorecase: false }).add([...patterns]);
}
