import { appendFileSync } from 'node:fs';
import { count } from '../kills/figures.ts';
import { SEED } from './share.ts';

/** Where `npm run faults` has the figures of each sweep written, a line of JSON for each. */
const FILE = process.env['HOLDFAST_TEST_FIGURES'];

/** What a sweep came to, as data. */
export interface Sums {
  readonly sweep: string;
  readonly seed: number;
  readonly seconds: number;
  /** Of how many cases those that were tried are a share. */
  readonly cases: number;
  readonly tried: Readonly<Record<string, number>>;
  readonly snapshotsLost: number;
  readonly wrongBytes: number;
  readonly breaches: readonly string[];
}

/** What a sweep tries, and what comes of it. */
export class Tally {
  readonly #sweep: string;
  readonly #started = performance.now();
  readonly tried = new Map<string, number>();
  readonly breaches: string[] = [];
  /** How many there are to try. */
  cases = 0;
  snapshotsLost = 0;
  /** Files, or objects, that came back with other bytes than they were given. */
  wrongBytes = 0;

  constructor(sweep: string) {
    this.#sweep = sweep;
  }

  fault(kind: string): void {
    count(this.tried, kind);
  }

  get faults(): number {
    return [...this.tried.values()].reduce((sum, one) => sum + one, 0);
  }

  /** Notes a breach where `proof` fails; what follows is still tried. */
  async hold(after: string, proof: () => Promise<void> | void): Promise<void> {
    try {
      await proof();
    } catch (error) {
      this.breaches.push(`after ${after}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** In words; and for `npm run faults`, which adds them up, as data. */
  close(): string[] {
    const { tried, cases, snapshotsLost, wrongBytes, breaches, faults } = this;
    const seconds = Math.round((performance.now() - this.#started) / 100) / 10;
    const sums: Sums = {
      sweep: this.#sweep,
      seed: SEED,
      seconds,
      cases,
      tried: Object.fromEntries(tried),
      snapshotsLost,
      wrongBytes,
      breaches,
    };
    if (FILE !== undefined) appendFileSync(FILE, `${JSON.stringify(sums)}\n`);
    return [
      ...[...tried].map(([kind, one]) => `${String(one).padStart(6)}  ${kind}`),
      `${String(faults).padStart(6)}  faults of ${cases}, seed ${SEED}, in ${seconds} s; snapshots lost: ${snapshotsLost}; wrong bytes: ${wrongBytes}`,
    ];
  }
}
