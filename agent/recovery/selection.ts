import { textOfPath } from '../contract/path-text.ts';
import { isTreePath, type TreeRecord } from '../repository/tree.ts';
import { SelectionRule } from './selection-rule.ts';

/**
 * Which entries of a tree are wanted: gitignore patterns turned round, so that a folder selects what is in it and `*.conf` selects
 * at any depth. Three things are other than in a .gitignore, where nobody names one folder of many: `docs/` is the folder at the
 * top, as every path with a slash is one from the top; `!` takes back also what lies in a folder that is selected; `\xff` is that
 * byte. The last pattern that means a path, or a folder above it, decides. Without patterns everything is wanted, and without
 * any but such that take back, everything else.
 */
export class Selection {
  readonly #rules: readonly SelectionRule[];
  readonly #rest: boolean;
  /** Those that have selected nothing so far. */
  readonly #idle: Set<SelectionRule>;
  /** The paths that everything wanted lies at or below. One that is empty: anywhere. */
  readonly places: readonly Uint8Array[];

  constructor(patterns: readonly string[]) {
    this.#rules = patterns.filter((pattern) => pattern !== '').map((pattern) => new SelectionRule(pattern));
    const selecting = this.#rules.filter(({ takesBack }) => !takesBack);
    this.#rest = selecting.length === 0;
    this.#idle = new Set(selecting);
    this.places = this.#rest ? [new Uint8Array()] : selecting.map(({ place }) => place);
  }

  /** The patterns that selected nothing of what was asked about, as they were written: most often a path that was mistyped. */
  get idle(): string[] {
    return Array.from(this.#idle, ({ pattern }) => pattern);
  }

  /** Whether there are patterns and none selected anything. */
  get isIdle(): boolean {
    return !this.#rest && this.#idle.size === this.#rules.filter(({ takesBack }) => !takesBack).length;
  }

  get idleRules(): readonly Pick<SelectionRule, 'pattern' | 'place'>[] {
    return [...this.#idle];
  }

  get all(): boolean {
    return this.#rules.length === 0;
  }

  /** Whether it is wanted. Takes note of which patterns selected something. */
  has(record: Pick<TreeRecord, 'path' | 'kind'>): boolean {
    if (!this.wants(record)) return false;
    if (this.#idle.size === 0) return true;
    const name = nameOf(record);
    for (const rule of this.#idle) if (rule.means(name)) this.#idle.delete(rule);
    return true;
  }

  /** Whether a stream of that name is wanted. */
  hasStream(name: string): boolean {
    const path = Buffer.from(name);
    return this.all || (isTreePath(path) && path.length > 0 && this.has({ path, kind: 'file' }));
  }

  wants(record: Pick<TreeRecord, 'path' | 'kind'>): boolean {
    if (this.all) return true;
    if (record.path.length === 0) return this.#rest;
    const name = nameOf(record);
    const last = this.#rules.findLast((rule) => rule.means(name));
    return last === undefined ? this.#rest : !last.takesBack;
  }
}

function nameOf({ path, kind }: Pick<TreeRecord, 'path' | 'kind'>): string {
  return kind === 'directory' ? `${textOfPath(path)}/` : textOfPath(path);
}
