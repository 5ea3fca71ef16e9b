import type { Failure } from '../contract/index.ts';
import { parsePackKey, REPOSITORY_KEY } from '../repository/layout.ts';
import type { NamedTarget } from '../repository/store.ts';
import type { RepairAction, RepairLoss, RepairPlan, RepairStep } from './repair-report.ts';

/** In the order in which a writer stores them: where something is, what it needs is there. Last what no snapshot needs. */
const ORDER = [REPOSITORY_KEY, 'keys/', 'packs/', 'indexes/', 'snapshots/', 'sessions/', 'marks/', 'checks/'];

/** What a survey found so far: what is to be done, what nobody can do, and what could not be looked at. */
export class RepairFindings {
  readonly #steps: RepairStep[] = [];
  readonly #lost: RepairLoss[] = [];
  readonly problems: Failure[];
  readonly notes: string[] = [];
  readonly looked = { objects: 0, bytes: 0 };

  /** `away`: targets that cannot be had. */
  constructor(away: readonly Failure[]) {
    this.problems = [...away];
  }

  get plan(): RepairPlan {
    const order = ({ object }: RepairStep) => ORDER.findIndex((prefix) => object.startsWith(prefix));
    const steps = this.#steps.toSorted((a, b) => order(a) - order(b) || (a.object < b.object ? -1 : 1));
    return { steps, lost: this.#lost, problems: this.problems, notes: this.notes, looked: this.looked };
  }

  do(action: RepairAction, { name: target }: NamedTarget, object: string, failure: Failure): void {
    this.#steps.push({ target, object, action, failure });
  }

  lose(loss: RepairLoss): void {
    this.#lost.push(loss);
  }

  /** No target has it whole, and this one has nothing under its key. */
  loseMissing({ name: target }: NamedTarget, object: string, snapshots: readonly string[]): void {
    const isPack = parsePackKey(object) !== undefined;
    const failure: Failure = {
      code: isPack ? 'PACK_MISSING' : 'OBJECT_MISSING',
      message: `${object} is whole on no target`,
      origin: 'repository',
      permanent: true,
      hint: isPack ? 'the next run stores again what still is at its source' : 'bring it back from any copy there is',
    };
    this.lose({ target, object, failure, setAside: false, snapshots });
  }

  isLost({ name }: NamedTarget, key: string): boolean {
    return this.#lost.some(({ object, target }) => object === key && target === name);
  }

  isDamaged(target: NamedTarget, key: string): boolean {
    return this.isLost(target, key) || this.#stepsOf(target, key).length > 0;
  }

  hasStep(target: NamedTarget, key: string): boolean {
    return this.#stepsOf(target, key).length > 0;
  }

  /** Whether something whole will lie there. */
  isPlanned(target: NamedTarget, key: string): boolean {
    return this.#stepsOf(target, key).some(({ action }) => action !== 'set aside');
  }

  #stepsOf({ name }: NamedTarget, key: string): RepairStep[] {
    return this.#steps.filter(({ object, target }) => object === key && target === name);
  }
}
