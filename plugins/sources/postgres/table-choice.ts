import type { Ancestors } from './ancestors.ts';
import { namePattern, tablePattern } from './name-pattern.ts';
import type { Select } from './options.ts';

interface Chosen {
  readonly schema: string;
  readonly table: string;
  readonly ancestors: Ancestors;
}

/** Which tables' rows of one database are captured, and which of the patterns found none. */
export class TableChoice {
  readonly #database: string;
  readonly #select: Select;
  readonly #excluded: readonly { readonly pattern: string; readonly excludes: ReturnType<typeof tablePattern> }[];
  readonly #used: Set<string>;

  /** `used` takes note of the patterns that found something, over all databases. */
  constructor(database: string, select: Select, exclude: readonly string[], used: Set<string>) {
    this.#database = database;
    this.#select = select;
    this.#excluded = exclude.map((pattern) => ({ pattern, excludes: tablePattern(pattern) }));
    this.#used = used;
  }

  /** Whether nothing was chosen, so that all is. */
  get all(): boolean {
    return this.#select.schemas === undefined && this.#select.tables === undefined;
  }

  /** A pattern of a table also means its partitions and children. */
  wants({ schema, table, ancestors }: Chosen): boolean {
    const names = [{ schema, table }, ...ancestors].map((one) => ({ database: this.#database, ...one }));
    const [own = { database: '', schema, table }] = names;
    const inSchema = this.#fits(this.#select.schemas, (pattern) => namePattern(pattern)(schema));
    const inTables = this.#fits(this.#select.tables, (pattern) => names.some(tablePattern(pattern)));
    const excluding = this.#excluded.filter(({ excludes }) => excludes(own));
    for (const { pattern } of excluding) this.#used.add(pattern);
    return inSchema && inTables && excluding.length === 0;
  }

  #fits(patterns: readonly string[] | undefined, fits: (pattern: string) => boolean): boolean {
    if (patterns === undefined) return true;
    const found = patterns.filter(fits);
    for (const one of found) this.#used.add(one);
    return found.length > 0;
  }
}
