import type { SourceSpec } from '../config/policy.ts';
import { type Change, type Failure, fail, failureOf, type RestoreRequest } from '../contract/index.ts';
import { type Engine, openSource, pluginOf } from '../engine/opening.ts';
import { openReading, type ReadingSpec } from '../engine/repository-reading.ts';
import { Stopwatch } from '../engine/stopwatch.ts';
import type { Identity } from '../repository/keys/identity.ts';
import { listSnapshots, ofWriter, type StoredSnapshot, unapprovedWriters } from '../repository/snapshots.ts';
import { type StoredLast, vanishedSnapshots } from '../repository/stored-last.ts';
import { findTrusted } from '../repository/writer-name.ts';
import { ChangeCount, type ChangeTotals, overwritten } from './change-totals.ts';
import { chooseOfJobs, type JobChoice, newerParts } from './job-choice.ts';
import { requireSource } from './missing-plugin.ts';
import { newerElsewhere } from './newer-elsewhere.ts';
import { tellRestore } from './recovery-telemetry.ts';
import type { RestoreReport } from './restore-report.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import { UnlockedSnapshot } from './unlocked-snapshot.ts';
import { refuseUnoffered } from './unoffered.ts';

export type { RestoreReport } from './restore-report.ts';

export interface RestoreOptions extends ReadingSpec {
  readonly source: SourceSpec;
  /** What this host stored last of each job, and would miss. */
  readonly stored?: readonly StoredLast[];
  /** `latest`, a snapshot's id, or a time. */
  readonly at: string;
  /** Whose snapshots: the code or the beginning of the id of a writer. Absent: this host's, or the only one's that has any. */
  readonly writer?: string;
  /** Absent: whichever job stored it. */
  readonly jobs?: JobChoice;
  readonly into: RestoreRequest['into'];
  /** gitignore patterns; none restores everything. */
  readonly select: readonly string[];
  readonly conflict: RestoreRequest['conflict'];
  readonly compareContent?: boolean;
  readonly delete?: boolean;
  readonly leave?: readonly string[];
  /** The name of rules by which values are replaced. */
  readonly mask?: string;
  /** In what a folder is written. */
  readonly format?: string;
  readonly noOwner?: boolean;
  readonly parallel: number;
  /** Only say what would be done. */
  readonly dryRun: boolean;
  /** Asked for when the snapshot is known to exist, so that nobody types a passphrase for nothing. */
  identity(): Promise<Identity>;
  readonly signal: AbortSignal;
  /** Told of every change that the plan finds, as it finds it. */
  onChange?(change: Change): void;
  /** Asked before anything is done, when something that is there would be changed or removed. False: nothing is. */
  confirm?(totals: ChangeTotals, snapshot: NonNullable<RestoreReport['snapshot']>): Promise<boolean>;
  /** `compare`: while the plan is made. */
  onProgress?(progress: { phase: 'compare' | 'restore'; bytes: number; expectedBytes: number }): void;
}

/** Restores one source from one snapshot. Never throws for what may happen to a restore; the report says how it ended. */
export async function restoreSource(engine: Engine, o: RestoreOptions): Promise<RestoreReport> {
  const trace = engine.telemetry.run(`restore ${o.source.name}`, {
    'holdfast.source.name': o.source.name,
    'holdfast.source.type': o.source.type,
  });
  const startedAt = performance.now();
  const watch = new Stopwatch(trace.root);
  const report: { -readonly [K in keyof RestoreReport]?: RestoreReport[K] } = {
    steps: [],
    facts: null,
    notSet: [],
    unset: [],
    masked: [],
    bytes: 0,
    fetchedBytes: 0,
    skipped: [],
    problems: [],
  };
  let failure: Failure | undefined;
  try {
    await carryOut(engine, o, watch, report);
  } catch (error) {
    failure = o.signal.aborted ? cancelled() : failureOf(error, { code: 'RESTORE_FAILED', origin: 'agent' });
  }
  watch.end(failure?.code);
  const skipped = report.skipped ?? [];
  const unbroken = o.dryRun ? 'planned' : skipped.length > 0 ? 'incomplete' : 'ok';
  const verdict = failure === undefined ? unbroken : failure.code === 'CANCELLED' ? 'cancelled' : 'failed';
  trace.root.set({ 'holdfast.restore.verdict': verdict, 'holdfast.restore.bytes': report.bytes ?? 0 });
  const ended: RestoreReport = {
    ...(report as RestoreReport),
    source: o.source.name,
    verdict,
    traceId: trace.traceId,
    durationMs: performance.now() - startedAt,
    phases: watch.phases,
    ...(failure === undefined ? {} : { failure }),
  };
  tellRestore(trace, o.source, ended);
  await trace.end(failure?.code);
  return ended;
}

async function carryOut(
  engine: Engine,
  o: RestoreOptions,
  watch: Stopwatch,
  report: { -readonly [K in keyof RestoreReport]?: RestoreReport[K] },
): Promise<void> {
  const opening = watch.phase('open');
  const loan = { engine, span: opening, signal: o.signal };
  await using repository = await openReading(o, loan);
  const { store, writers, host, unavailable, unreadable } = repository;
  const all = await listSnapshots(store, writers);
  const listing = o.writer === undefined ? all : ofWriter(all, findTrusted(writers, o.writer).id);
  const { snapshots } = all;
  const { damaged } = listing;
  const whole = unavailable.length === 0;
  const vanished = o.others === undefined ? vanishedSnapshots(o.stored ?? [], host?.writer, listing) : [];
  report.problems = [
    ...unavailable.map(({ failure }) => failure),
    ...unreadable,
    ...[...repository.problems, ...writers.problems].map(({ failure }) => failure),
    ...damaged.map(({ failure }) => failure),
    ...vanished.map((one) => (whole ? one.failure : elsewhere(one))),
  ];
  const choice = o.jobs ?? { jobs: {} };
  const question = { source: o.source.name, wanted: o.at, writer: host?.writer, choice };
  const snapshot = chooseOfJobs(listing, writers, question);
  if (o.at === 'latest') {
    const chosen = { source: o.source.name, writer: snapshot.opened.header.writer };
    const asked = { reading: o, repository, listing: all, stored: o.stored ?? [], ...chosen };
    const newer = [...newerParts(listing, snapshot, choice), ...(await newerElsewhere(asked, loan))];
    report.problems = [...report.problems, ...newer];
  }
  report.problems = [...report.problems, ...unapprovedWriters(listing, writers, o.source.name)];
  const { header } = snapshot.opened;
  if (header.verdict === 'incomplete') report.problems = [incomplete(snapshot), ...report.problems];
  const { started, finished, host: from, job } = header;
  report.snapshot = { id: snapshot.id, started, finished, host: from, job };
  requireSource(snapshot, engine.registry);
  refuseUnsafe(engine, o, snapshot);
  refuseUnoffered(o.source, pluginOf(engine.registry, 'source', o.source), o);
  watch.phase('unlock');
  const identity = await o.identity();
  await using unlocked = await UnlockedSnapshot.open({
    store,
    writers,
    snapshot,
    listed: snapshots,
    identity,
    registry: engine.registry,
    signal: o.signal,
  });
  await using opened = await openSource(o.source, loan);
  const request = requestOf(o);
  const expectedBytes = header.artifacts.reduce((sum, { size }) => sum + size, 0);
  const planning = watch.phase('plan');
  const preview = new SnapshotReader(unlocked);
  const count = new ChangeCount();
  const tell = (change: Change) => {
    count.add(change);
    o.onChange?.(change);
  };
  const comparing = every100ms(() => o.onProgress?.({ phase: 'compare', bytes: preview.bytesCompared, expectedBytes }));
  const plan = await opened.source.plan(request, preview, tell).finally(comparing);
  await preview.span(planning);
  report.fetchedBytes = preview.bytesFetched;
  report.steps = plan.steps;
  if (plan.place !== undefined) report.place = plan.place;
  if (canInPlace(engine, o)) report.totals = count.totals;
  const idle = preview.idlePatterns;
  if (idle.length > 0 && idle.length === o.select.length) fail(nothingSelected(snapshot, idle));
  const absent = idle.map((what) => ({ what, failure: nothingSelected(snapshot, [what]) }));
  report.skipped = absent;
  if (o.dryRun) {
    const { notSet = [], unset = [], skipped = [] } = plan.foreseen ?? {};
    Object.assign(report, { notSet, unset, skipped: [...absent, ...skipped] });
    return;
  }
  if (overwritten(count.totals) > 0 && (await o.confirm?.(count.totals, report.snapshot)) === false) fail(declined);
  const restoring = watch.phase('restore');
  const reader = new SnapshotReader(unlocked);
  const ticking = every100ms(() => o.onProgress?.({ phase: 'restore', bytes: reader.bytesRestored, expectedBytes }));
  try {
    const restored = await opened.source.restore(plan, request, reader);
    report.facts = restored.facts;
    report.notSet = restored.notSet ?? [];
    report.unset = restored.unset ?? [];
    report.masked = restored.masked ?? [];
    report.skipped = [...absent, ...restored.skipped];
    await reader.span(restoring);
  } finally {
    ticking();
    report.bytes = reader.bytesRestored;
    report.fetchedBytes += reader.bytesFetched;
  }
  if (o.signal.aborted) fail(cancelled());
}

function requestOf(o: RestoreOptions): RestoreRequest {
  return {
    at: 'latest',
    select: o.select.length === 0 ? null : [...o.select],
    into: o.into,
    conflict: o.conflict,
    parallel: o.parallel,
    ...(o.compareContent === undefined ? {} : { compareContent: o.compareContent }),
    ...(o.delete === undefined ? {} : { delete: o.delete }),
    ...(o.leave === undefined ? {} : { leave: o.leave }),
    ...(o.mask === undefined ? {} : { mask: o.mask }),
    ...(o.format === undefined ? {} : { format: o.format }),
    ...(o.noOwner === undefined ? {} : { noOwner: o.noOwner }),
  };
}

/** Returns what ends it. */
function every100ms(action: () => void): () => void {
  const ticking = setInterval(action, 100);
  return () => clearInterval(ticking);
}

function canInPlace(engine: Engine, { source }: RestoreOptions): boolean {
  return pluginOf(engine.registry, 'source', source).can.includes('in-place');
}

/** Refuses, before anybody types a passphrase, what could only be guessed, and would destroy something where the guess is wrong. */
function refuseUnsafe(engine: Engine, o: RestoreOptions, { id, opened: { header } }: StoredSnapshot): void {
  const original = 'original' in o.into;
  if ((original || o.delete) && !canInPlace(engine, o))
    fail({
      code: 'RESTORE_UNSUPPORTED',
      message: `a source of type ${o.source.type} can be restored neither in place nor with --delete`,
      origin: 'policy',
      permanent: true,
      hint: '`--into <folder>` restores it to a folder that you name',
    });
  if (original && o.at === 'latest' && header.host !== engine.hostName)
    fail({
      code: 'RESTORE_OTHER_HOST',
      message: `snapshot ${id} is of host ${header.host}, and this is ${engine.hostName}`,
      origin: 'policy',
      permanent: true,
      hint: `to put what another host had in the place of what is here, name the snapshot: --at ${id}`,
    });
  if (o.delete && header.verdict === 'incomplete')
    fail({
      code: 'RESTORE_INCOMPLETE',
      message: `snapshot ${id} is incomplete: what it has not may be here because it could not be read, so that nothing may be removed`,
      origin: 'policy',
      permanent: true,
      hint: 'restore without --delete, or from a snapshot that is complete: `holdfast snapshots` lists them',
    });
}

const declined: Failure = {
  code: 'RESTORE_DECLINED',
  message: 'nothing was changed, as you said',
  origin: 'agent',
  permanent: true,
  hint: '--dry-run lists everything that would be changed',
};

/** A part that was asked for and is not there must not look like one that was restored. */
function nothingSelected({ id, opened }: StoredSnapshot, patterns: readonly string[]): Failure {
  return {
    code: 'NOTHING_SELECTED',
    message: `nothing in snapshot ${id} matches ${patterns.map((pattern) => JSON.stringify(pattern)).join(', ')}`,
    origin: 'policy',
    permanent: true,
    hint: `\`holdfast ls ${opened.header.source} --at ${id}\` lists what it holds; patterns are those of .gitignore`,
  };
}

function incomplete({ id, opened }: StoredSnapshot): Failure {
  return {
    code: 'SNAPSHOT_INCOMPLETE',
    message: `snapshot ${id} is incomplete: when it was made, ${opened.header.skipped} of what it should hold could not be read`,
    origin: 'source',
    permanent: true,
    hint: 'an older snapshot may hold what it lacks',
  };
}

function cancelled(): Failure {
  return {
    code: 'CANCELLED',
    message:
      'the restore was cancelled; every file that it had written is whole, and others are missing or still the old ones',
    origin: 'agent',
    permanent: false,
    hint: 'it goes on with what is left when the same is restored with --conflict replace',
  };
}

/** Of a snapshot that this host stored last: with targets that cannot be read, it need not be lost. */
function elsewhere({ object, hash }: { readonly object: string; readonly hash: string }): Failure {
  return {
    code: 'SNAPSHOT_ELSEWHERE',
    message: `snapshot ${hash.slice(0, 8)} (${object}), which this host stored last, is on none of the targets that can be read: what is restored may be older`,
    origin: 'repository',
    permanent: false,
    hint: 'bring the other target back and restore again, if the newest is wanted',
  };
}
