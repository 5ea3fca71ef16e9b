import { failureOf } from '../contract/index.ts';
import type { Verification } from './verification.ts';
import type { Coverage, ToRead } from './verify-budget.ts';

/**
 * What this host remembers of the objects of one copy, by level: when each was last found good. A catalog that fails costs the memory, no
 * check.
 */
export class GoodObjects {
  readonly #v: Verification;
  readonly #copy: string;
  #times = new Map<string, number>();
  #failed = false;

  constructor(v: Verification, { target, level }: Pick<Coverage, 'target' | 'level'>) {
    this.#v = v;
    // Of one source alone less of a pack is opened than of all.
    this.#copy =
      level === 'checksum'
        ? `${v.repository}/${target}`
        : `decrypt ${v.options.source ?? ''} ${v.repository}/${target}`;
    this.#remember((checks) => {
      this.#times = checks.of(this.#copy);
    });
  }

  /** By name, in milliseconds since 1970. */
  get times(): ReadonlyMap<string, number> {
    return this.#times;
  }

  /** Forgets what does not lie there any more. */
  keepOnly(objects: readonly ToRead[]): void {
    const there = new Set(objects.map(({ name }) => name));
    const gone = [...this.#times.keys()].filter((name) => !there.has(name));
    if (gone.length > 0) this.tellBad(gone);
  }

  tell(name: string, isGood: boolean): void {
    if (isGood) this.tellGood([name]);
    else this.tellBad([name]);
  }

  tellGood(names: readonly string[]): void {
    const at = this.#v.engine.now();
    for (const name of names) this.#times.set(name, at.getTime());
    this.#remember((checks) => checks.good(this.#copy, names, at));
  }

  tellBad(names: readonly string[]): void {
    for (const name of names) this.#times.delete(name);
    this.#remember((checks) => checks.forget(this.#copy, names));
  }

  #remember(work: (checks: Verification['engine']['catalog']['checks']) => void): void {
    if (this.#failed) return;
    try {
      work(this.#v.engine.catalog.checks);
    } catch (error) {
      this.#failed = true;
      const { message } = failureOf(error, { code: 'CATALOG_UNUSABLE', origin: 'agent' });
      this.#v.notes.push(
        `what was read is not remembered, so that the next verification may begin with it again: ${message}`,
      );
    }
  }
}
