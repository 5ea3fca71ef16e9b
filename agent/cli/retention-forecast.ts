import { isDeepStrictEqual } from 'node:util';
import type { Job, Policy } from '../config/policy.ts';
import { heldAmong, retainedOf } from '../pruning/retained.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';
import { decideRetention } from '../retention/decision.ts';
import { type PlanRow, planRows } from '../retention/rows.ts';
import { type Rules, rulesOn } from '../retention/rules-on.ts';
import type { StoredHolds, UnclearId } from '../retention/stored-holds.ts';

/** What would stay and go on targets that have the same rules. */
export interface Retained {
  readonly targets: readonly string[];
  readonly rows: readonly PlanRow[];
}

/** What the classes of a policy would keep and forget of all that is stored, at one time. */
export class RetentionForecast {
  readonly #policy: Policy;
  readonly #stored: readonly StoredSnapshot[];
  readonly #now: Date;
  readonly #held: StoredHolds;

  constructor(policy: Policy, stored: readonly StoredSnapshot[], now: Date) {
    this.#policy = policy;
    this.#stored = stored;
    this.#now = now;
    this.#held = heldAmong(policy.holds, stored);
  }

  get unclear(): readonly UnclearId[] {
    return this.#held.unclear;
  }

  /** What this host stored by a job: one list when all targets of the job have the same rules, else one for each of them. */
  of({ name: job, targets, retention }: Job): Retained[] {
    const own = this.#stored.filter(
      ({ opened: { header } }) => header.job === job && header.host === this.#policy.host,
    );
    const tiers = targets.map(({ name }) => ({ target: name, rules: rulesOn(retention, name) }));
    const [first, ...others] = tiers;
    if (first === undefined) return [];
    const decide = (stored: readonly StoredSnapshot[], rules: Rules) => this.#decide(stored, rules, retention.timezone);
    if (others.every(({ rules }) => isDeepStrictEqual(rules, first.rules))) {
      return [{ targets: tiers.map(({ target }) => target), rows: decide(own, first.rules) }];
    }
    return tiers.map(({ target, rules }) => {
      const there = own.filter(({ lacking = [], forgottenOn = [] }) => ![...lacking, ...forgottenOn].includes(target));
      return { targets: [target], rows: decide(there, rules) };
    });
  }

  #decide(stored: readonly StoredSnapshot[], rules: Rules, timezone: string): PlanRow[] {
    // By their keys: what people call a snapshot is so short that two may be called the same.
    const ids = new Map(stored.map(({ key, id }) => [key, id]));
    const snapshots = stored.map(retainedOf);
    const decisions = decideRetention(snapshots, rules, { now: this.#now, timezone, holds: this.#held.holds });
    return planRows(decisions).map((row) => ({ ...row, id: ids.get(row.id) ?? row.id }));
  }
}
