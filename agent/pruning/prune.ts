import type { Failure } from '../contract/index.ts';
import { SNAPSHOTS_PREFIX, sessionKey } from '../repository/layout.ts';
import { encodeMark } from '../repository/mark.ts';
import type { Session } from '../repository/session.ts';
import type { StoredSession } from '../repository/sessions.ts';
import { clockOf, Store } from '../repository/store.ts';
import { type Fenced, fence, findDead } from './fencing.ts';
import { readLive } from './live.ts';
import { type MarkPlan, planMarks } from './mark-plan.ts';
import type { PackUse } from './pack-use.ts';
import { type PrunedPlace, removeObjects } from './place.ts';
import type { Amount, DomainPruned, UnendedRun } from './prune-report.ts';
import { repack } from './repacking.ts';
import { carryOutSweep, planSweep, type SweepPlan } from './sweep.ts';

export interface PruneOptions {
  /** Milliseconds for which what was forgotten can be brought back. */
  readonly undeleteMs: number;
  /** Milliseconds between marking a pack and deleting it. */
  readonly graceMs: number;
  /** At most so much of what stays may be needed by nothing, from 0 to 1. */
  readonly maxUnused: number;
  /** Writers whose hosts are said to be gone for good. */
  readonly gone: ReadonlySet<string>;
  /** Says only what would be done. */
  readonly dryRun: boolean;
  /** By this host's clock. */
  readonly now: Date;
  /** Whether there is time for more. */
  readonly mayGoOn: () => boolean;
  readonly onProgress?: (what: string, done: Amount) => void;
}

/**
 * Prunes one domain on one target, in two steps that may lie days apart: what was marked before and is old enough goes, then what nothing
 * needs now is marked. It takes no lock; runs go on. Each step can be interrupted anywhere, and the next call goes on from what lies
 * there. Nothing is opened: it needs the index key, and no key to read.
 */
export async function pruneDomain(asked: PrunedPlace, o: PruneOptions): Promise<DomainPruned> {
  const dead = await findDead(asked, o);
  // Nobody's run is ended for a pruning that will not be.
  if (dead.length > 0) await readLive({ ...asked, writer: asked.host.writer, forgottenBefore: 0 });
  const fenced = o.dryRun ? planned(asked, dead) : await fence(asked, dead, o.now);
  const place = o.dryRun ? { ...asked, presumedEnded: new Set(dead.map(({ session }) => session.id)) } : asked;
  const tally = new Tally(place, fenced);
  const swept = await sweepOnce(place, o, tally);
  const going = new Set(swept.going.map(({ name }) => name));
  const plan = await planMarks(place, { ...o, forgottenBefore: await before(place, o.undeleteMs), going });
  tally.plan(plan);
  if (o.dryRun) {
    for (const use of [...plan.packs.unused, ...plan.packs.repack]) tally.marked(use);
    return tally.report(swept);
  }
  await mark(place, plan, o, tally);
  // What is marked now may go at once where no grace is asked for.
  if (o.graceMs > 0) return tally.report(swept);
  tally.ripe = undefined;
  return tally.report(await sweepOnce(place, o, tally));
}

/** Those that are not void by then. */
function planned({ planned: known }: PrunedPlace, dead: readonly StoredSession[]): Fenced {
  const sessions = dead.filter(({ session }) => !known.has(session.snapshot));
  for (const { session } of sessions) known.add(session.snapshot);
  return { sessions, problems: [] };
}

async function sweepOnce(place: PrunedPlace, o: PruneOptions, tally: Tally): Promise<SweepPlan> {
  const clock = await clockOf(place.target);
  const forgottenBefore = clock.getTime() - o.undeleteMs;
  const plan = await planSweep(place, { clock: clock.getTime(), graceMs: o.graceMs, forgottenBefore });
  tally.keptAfterAll += plan.kept;
  if (o.dryRun) for (const { size } of plan.going) tally.deleted(size);
  else
    await carryOutSweep(place, plan, ({ size }) => {
      tally.deleted(size);
      o.onProgress?.('deleting packs', tally.deletedAmount);
    });
  return plan;
}

/** New packs, then the mark, then the snapshots that it was made without. */
async function mark(place: PrunedPlace, plan: MarkPlan, o: PruneOptions, tally: Tally): Promise<void> {
  const { target, host, keys, signal } = place;
  const alone = new Store([target]);
  const moved = await repack(plan.packs.repack, { store: alone, keys, signal, mayGoOn: o.mayGoOn });
  tally.moved(moved);
  const all = [...plan.packs.unused, ...moved.moved];
  if (all.length > 0) {
    const created = await clockOf(target);
    const { key, bytes } = encodeMark(
      {
        repository: host.repository,
        writer: host.writer,
        target: target.name,
        domain: keys.id,
        created: created.toISOString(),
        packs: all.map(({ pack }) => pack.name).sort(),
      },
      host.signer,
    );
    await alone.put(key, bytes);
    for (const use of all) tally.marked(use);
    tally.ripe = new Date(created.getTime() + o.graceMs).toISOString();
  }
  await removeObjects(
    place,
    plan.expired.map(({ key }) => key),
  );
  await removeObjects(
    place,
    plan.ended.map(({ key }) => key),
  );
}

async function before({ target }: PrunedPlace, milliseconds: number): Promise<number> {
  return (await clockOf(target)).getTime() - milliseconds;
}

/** What was done so far. */
class Tally {
  readonly #place: PrunedPlace;
  readonly #fenced: readonly StoredSession[];
  readonly deletedAmount: Amount = nothing();
  readonly #marked = nothing();
  readonly #repacked = nothing();
  readonly #written = nothing();
  readonly #problems: Failure[] = [];
  keptAfterAll = 0;
  /** When what was marked now can go. */
  ripe: string | undefined;
  #plan: MarkPlan | undefined;
  #unfinished = false;

  constructor(place: PrunedPlace, { sessions, problems }: Fenced) {
    this.#place = place;
    this.#fenced = sessions;
    this.#problems.push(...problems);
  }

  plan(plan: MarkPlan): void {
    this.#plan = plan;
    this.#problems.push(...plan.problems);
  }

  deleted(bytes: number): void {
    add(this.deletedAmount, bytes);
  }

  marked({ pack, live }: PackUse): void {
    add(live.length === 0 ? this.#marked : this.#repacked, pack.size);
  }

  moved({ moved, packs, bytes, problems }: Awaited<ReturnType<typeof repack>>): void {
    this.#written.count += packs;
    this.#written.bytes += bytes;
    this.#problems.push(...problems);
    this.#unfinished = moved.length + problems.length < (this.#plan?.packs.repack.length ?? 0);
  }

  async report({ later, waiting }: SweepPlan): Promise<DomainPruned> {
    const packs = this.#plan?.packs;
    const sum = (uses: readonly PackUse[] = [], of: (use: PackUse) => number) =>
      uses.reduce((total, use) => total + of(use), 0);
    const there = new Set(waiting.length === 0 ? [] : await this.#place.store.keys(SNAPSHOTS_PREFIX));
    const next = [...later, ...(this.ripe === undefined ? [] : [this.ripe])].sort()[0];
    return {
      domain: this.#place.keys.name,
      deleted: this.deletedAmount,
      keptAfterAll: this.keptAfterAll,
      snapshots: this.#plan?.expired.length ?? 0,
      marked: this.#marked,
      repacked: this.#repacked,
      written: this.#written,
      used: sum([...(packs?.keep ?? []), ...(packs?.repack ?? [])], ({ liveBytes }) => liveBytes),
      unused: sum(packs?.keep, ({ deadBytes }) => deadBytes),
      unclaimed: { count: packs?.unclaimed.length ?? 0, bytes: sum(packs?.unclaimed, ({ pack }) => pack.size) },
      ...(next !== undefined && { next }),
      fenced: this.#fenced.map(({ session }) => this.#runOf(session, false)),
      waitingFor: waiting.map((session) => this.#runOf(session, there.has(session.snapshot))),
      unfinished: this.#unfinished,
      problems: this.#problems,
    };
  }

  #runOf({ id, writer, snapshot, created }: Session, copies: boolean): UnendedRun {
    const session = sessionKey(writer, id);
    const host = this.#place.writers.get(writer)?.host;
    return {
      ...{ writer, snapshot, session, since: created, ours: writer === this.#place.host.writer, copies },
      ...(host !== undefined && { host }),
    };
  }
}

function nothing(): Amount {
  return { count: 0, bytes: 0 };
}

function add(amount: Amount, bytes: number): void {
  amount.count++;
  amount.bytes += bytes;
}
