import type { Failure, Restored } from 'holdfast/plugin';
import { Few } from './few.ts';
import { printable, type RawPath } from './raw-path.ts';

/** What was skipped, in the order in which it was; of each kind the first, and how many more there are. */
export class Skips {
  readonly #named: Restored['skipped'][number][] = [];
  readonly #kinds = new Map<string, { readonly few: Few; readonly like: Failure }>();

  add(path: RawPath, failure: Failure): void {
    this.addOf(failure.code, path, () => failure);
  }

  /** The same, where the failure is made only when it is held. */
  addOf(kind: string, path: RawPath, failureOf: () => Failure): void {
    const known = this.#kinds.get(kind) ?? { few: new Few(), like: failureOf() };
    this.#kinds.set(kind, known);
    const what = known.few.take(() => printable(path));
    if (what !== undefined) this.#named.push({ what, failure: failureOf() });
  }

  get all(): Restored['skipped'] {
    const more = [...this.#kinds.values()].filter(({ few }) => few.others > 0);
    return [...this.#named, ...more.map(({ few, like }) => othersLike(few.others, like))];
  }
}

function othersLike(count: number, { code, origin, permanent, hint }: Failure): Restored['skipped'][number] {
  const message = `${count.toLocaleString('en-US')} others ended with the same code, and are not named`;
  return { what: 'others', failure: { code, message, origin, permanent, ...(hint === undefined ? {} : { hint }) } };
}
