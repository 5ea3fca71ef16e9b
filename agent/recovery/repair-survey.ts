import { type Failure, fail } from '../contract/index.ts';
import { parseIndexKey, parsePackKey, REPOSITORY_KEY } from '../repository/layout.ts';
import { type NamedTarget, Store } from '../repository/store.ts';
import { copyMissing } from './check-keys.ts';
import { framesMissing } from './check-listing.ts';
import { isRecord, kindOf } from './copy-judgement.ts';
import { inParallel } from './lanes.ts';
import type { RepairCopies } from './repair-copies.ts';
import type { RepairDomain } from './repair-domain.ts';
import { RepairFindings } from './repair-findings.ts';
import type { RepairPlan } from './repair-report.ts';

export interface SurveyOptions {
  readonly copies: RepairCopies;
  /** Those to be repaired; others only give what is whole. */
  readonly targets: readonly NamedTarget[];
  /** Targets that cannot be had: they may hold what is whole nowhere else. */
  readonly away: readonly Failure[];
  /** Whether snapshots of a job belong on a target that lacks them. */
  belongs(job: string, target: string): boolean;
  /** Also packs that may hold more that can be restored. */
  readonly setAsidePacks: boolean;
  /** Also sessions of other hosts, which may be at work. */
  readonly setAsideSessions: boolean;
  readonly signal: AbortSignal;
  onProgress?(progress: { readonly done: number; readonly total: number; readonly bytes: number }): void;
}

const MAY_BE_AT_WORK =
  'when no backup of that host is running, `holdfast repair --set-aside-sessions` moves it to quarantine: until then nothing is pruned there';
const COPIED = 'repair copies it from there';

/** Looks at every object of every wanted target, and for what should be there, and says what is to be done. Changes nothing. */
export async function surveyCopies(o: SurveyOptions): Promise<RepairPlan> {
  const survey = new Survey(o);
  await survey.carryOut();
  return survey.plan;
}

class Survey {
  readonly #o: SurveyOptions;
  readonly #copies: RepairCopies;
  readonly #findings: RepairFindings;

  constructor(o: SurveyOptions) {
    this.#o = o;
    this.#copies = o.copies;
    this.#findings = new RepairFindings([...o.away, ...o.copies.unlisted]);
  }

  get plan(): RepairPlan {
    return this.#findings.plan;
  }

  async carryOut(): Promise<void> {
    const { targets, signal, onProgress } = this.#o;
    const total = targets.reduce((sum, target) => sum + this.#copies.keysOf(target).size, 0);
    for (const target of targets) {
      await inParallel([...this.#copies.keysOf(target)], 3, async ([key, size]) => {
        if (signal.aborted) fail(CANCELLED);
        await this.#lookAt(target, key, size);
        this.#findings.looked.objects++;
        this.#findings.looked.bytes += size;
        onProgress?.({ done: this.#findings.looked.objects, total, bytes: this.#findings.looked.bytes });
      });
      await this.#lookForKeys(target);
      for (const domain of this.#copies.domains) await this.#lookInto(domain, target);
      this.#lookForSnapshots(target);
    }
    const unknown = this.#copies.listing.snapshots.filter(
      ({ opened }) => !this.#copies.isOfKnownDomain(opened.header.domain),
    );
    for (const host of new Set(unknown.map(({ opened }) => opened.header.host)))
      this.#findings.notes.push(
        `what snapshots of ${host} lack was not looked for: this host has no index key of their domain`,
      );
  }

  async #lookAt(target: NamedTarget, key: string, size: number): Promise<void> {
    if (this.#copies.isOfStranger(key)) return;
    const found = await this.#copies.judge.look(new Store([target]), key, size);
    if (found.state === 'whole' || found.state === 'missing') return;
    const { state, failure } = found;
    if (state === 'unread') {
      this.#findings.problems.push(failure);
      return;
    }
    // Where another target has what its name says, this is not it, whatever it says of its version.
    const isCertain = state === 'damaged' || parsePackKey(key) !== undefined || parseIndexKey(key) !== undefined;
    if (isCertain && (await this.#copies.isWholeElsewhere(target, key)))
      this.#findings.do('replace', target, key, failure);
    else if (state === 'damaged') this.#lookAtLoss(target, key, failure);
    else if (failure.code === 'FORMAT_NEWER') this.#findings.notes.push(`target ${target.name}: ${failure.message}`);
  }

  /** Of what no target has whole, that is moved away whose place is taken again, or that is in the way of its like. */
  #lookAtLoss(target: NamedTarget, key: string, failure: Failure): void {
    const kind = kindOf(key);
    // It says nothing that is not known from the writers.
    if (kind === 'marker') {
      this.#findings.do('replace', target, key, failure);
      return;
    }
    if (isRecord(key)) {
      this.#lookAtRecord(target, key, failure);
      return;
    }
    const isMadeAgain = kind === 'index' || (kind === 'writer' && this.#copies.isVouched(key));
    const isUnneeded = this.#copies.isUnneeded(key);
    const isOpen = kind === 'index' || this.#o.away.length === 0;
    const isInTheWay =
      kind === 'writer' || kind === 'approval' || isUnneeded || (kind === 'pack' && this.#o.setAsidePacks);
    const setAside = isOpen && (isMadeAgain || isInTheWay);
    if (setAside) this.#findings.do('set aside', target, key, failure);
    if (isMadeAgain || isUnneeded) return;
    const snapshots = this.#copies.affectedBy(key);
    this.#findings.lose({ target: target.name, object: key, failure, setAside, snapshots });
  }

  /**
   * No snapshot needs it. A mark that cannot be read binds nobody, and what it named is marked anew; but a session that cannot be read keeps
   * all from pruning, rightly so as long as the run may go on that put it.
   */
  #lookAtRecord(target: NamedTarget, key: string, failure: Failure): void {
    const mayBeAtWork = kindOf(key) === 'session' && !this.#copies.isOwn(key);
    if (!mayBeAtWork || this.#o.setAsideSessions) this.#findings.do('set aside', target, key, failure);
    else this.#findings.problems.push({ ...failure, hint: MAY_BE_AT_WORK });
  }

  /** Keys are few and small, and nothing replaces them: each belongs on every target. */
  async #lookForKeys(target: NamedTarget): Promise<void> {
    for (const key of await this.#copies.keysLacking(target)) {
      const failure = copyMissing(target.name, key, COPIED);
      if (key === REPOSITORY_KEY || (await this.#copies.isWholeElsewhere(target, key)))
        this.#findings.do('copy', target, key, failure);
      else if (this.#copies.epochsNeeded.has(key))
        this.#findings.loseMissing(target, key, this.#copies.affectedBy(key));
    }
  }

  async #lookInto(domain: RepairDomain, target: NamedTarget): Promise<void> {
    const { packs, unnamed, torn } = await domain.gapsOf(target.name, new Store([target]));
    for (const { snapshot, frames } of torn) {
      const failure = framesMissing(snapshot, frames, target.name);
      this.#findings.lose({
        target: target.name,
        object: snapshot.key,
        failure,
        setAside: false,
        snapshots: [snapshot.id],
      });
    }
    for (const [name, snapshots] of packs) {
      const key = domain.packKey(name);
      if (this.#findings.isPlanned(target, key)) continue;
      if (await this.#copies.isWholeElsewhere(target, key))
        this.#findings.do('copy', target, key, copyMissing(target.name, key, COPIED));
      else if (!this.#findings.isLost(target, key)) this.#findings.loseMissing(target, key, snapshots);
    }
    // What is damaged may say that it is another pack; where it stays, or goes, its name is of no use.
    const willBeWhole = (name: string) =>
      this.#findings.isPlanned(target, domain.packKey(name)) || !this.#findings.isDamaged(target, domain.packKey(name));
    const left = await this.#copyIndexes(domain, target, new Set(unnamed.filter(willBeWhole)));
    if (left > 0) this.#findings.do('index', target, domain.folder, unindexed(target.name, left));
  }

  /** Fragments of other targets that name what none here does. Gives how many packs are left. */
  async #copyIndexes(domain: RepairDomain, target: NamedTarget, unnamed: Set<string>): Promise<number> {
    const others = this.#copies.others(target);
    for (const key of new Set(others.targets.flatMap((other) => [...this.#copies.keysOf(other).keys()]))) {
      if (unnamed.size === 0) break;
      const planned = this.#findings.isPlanned(target, key);
      if (!key.startsWith(domain.folder) || (this.#copies.keysOf(target).has(key) && !planned)) continue;
      const bytes = await this.#copies.judge.whole(others, key);
      const named = bytes === undefined ? [] : domain.namedBy(key, bytes, unnamed);
      if (named.length > 0 && !planned) this.#findings.do('copy', target, key, copyMissing(target.name, key, COPIED));
      for (const name of named) unnamed.delete(name);
    }
    return unnamed.size;
  }

  #lookForSnapshots(target: NamedTarget): void {
    for (const { key, lacking, opened } of this.#copies.listing.snapshots) {
      const { job, domain } = opened.header;
      if (!lacking?.includes(target.name) || !this.#o.belongs(job, target.name)) continue;
      const failure = copyMissing(target.name, key, COPIED);
      if (this.#findings.hasStep(target, key)) continue;
      if (this.#copies.isOfKnownDomain(domain)) this.#findings.do('catch up', target, key, failure);
      else
        this.#findings.notes.push(
          `${failure.message}: the next run of its own host brings it there, with what it needs`,
        );
    }
  }
}

export const CANCELLED: Failure = {
  code: 'CANCELLED',
  message: 'the repair was cancelled',
  origin: 'agent',
  permanent: false,
};

function unindexed(target: string, packs: number): Failure {
  return {
    code: 'PACKS_UNNAMED',
    message: `no index on target ${target} names ${packs} of its packs`,
    origin: 'repository',
    permanent: true,
    hint: 'an index is made of their own tables',
  };
}
