import type { Figures } from './kills/figures.ts';
import { INVARIANTS } from './kills/figures.ts';
import type { Sums } from './sweep/tally.ts';

/** What kills came to, in the words of the sweeps. `kills`: how many were asked for. */
export function sumsOfKills(figures: Figures, o: { readonly seed: number; readonly kills: number }): Sums {
  const breaches = figures.breaches.map(
    ({ invariant, after, message }) => `${invariant} (${INVARIANTS[invariant]}), after ${after}: ${message}`,
  );
  const few = `only ${figures.killCount} of ${o.kills} processes were still running when they were killed`;
  return {
    sweep: 'kills',
    seed: o.seed,
    seconds: 0,
    cases: o.kills,
    tried: Object.fromEntries([...figures.kills].map(([name, one]) => [`killed: ${name}`, one])),
    snapshotsLost: figures.lost,
    wrongBytes: figures.wrong,
    breaches: figures.killCount < o.kills ? [...breaches, few] : breaches,
  };
}

/** All that was tried, by kind, and what came of it. */
export class Summary {
  readonly #sums: Sums[] = [];

  add(sums: readonly Sums[]): void {
    this.#sums.push(...sums);
  }

  /** Whether all held. */
  get held(): boolean {
    return this.#sums.every(
      ({ breaches, snapshotsLost, wrongBytes }) => breaches.length === 0 && snapshotsLost === 0 && wrongBytes === 0,
    );
  }

  render(): string {
    const tried = new Map<string, number>();
    for (const one of this.#sums)
      for (const [kind, count] of Object.entries(one.tried)) tried.set(kind, (tried.get(kind) ?? 0) + count);
    const sum = (of: (sums: Sums) => number) => this.#sums.reduce((total, one) => total + of(one), 0);
    const faults = [...tried.values()].reduce((total, one) => total + one, 0);
    const seeds = [...new Set(this.#sums.map(({ seed }) => seed))];
    const breaches = this.#sums.flatMap(({ sweep, seed, breaches }) =>
      breaches.map((text) => `\n✖ ${sweep}, seed ${seed}: ${text}`),
    );
    return [
      ...[...tried].map(([kind, count]) => `${String(count).padStart(6)}  ${kind}`),
      `${String(faults).padStart(6)}  faults tried, of ${sum(({ cases }) => cases)}; ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`,
      `snapshots lost: ${sum(({ snapshotsLost }) => snapshotsLost)}; wrong bytes: ${sum(({ wrongBytes }) => wrongBytes)}; breaches: ${breaches.length}`,
      ...breaches,
      '',
    ].join('\n');
  }
}
