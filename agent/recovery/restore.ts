import type { SourceSpec } from '../config/policy.ts';
import { type Failure, fail, failureOf, type RestoreRequest } from '../contract/index.ts';
import { type Engine, openSource } from '../engine/opening.ts';
import { openReading, type ReadingSpec } from '../engine/repository-reading.ts';
import { Stopwatch } from '../engine/stopwatch.ts';
import type { Identity } from '../repository/keys/identity.ts';
import {
  chooseSnapshot,
  listSnapshots,
  ofWriter,
  type StoredSnapshot,
  unapprovedWriters,
} from '../repository/snapshots.ts';
import { findTrusted } from '../repository/writer-name.ts';
import { requireSource } from './missing-plugin.ts';
import { tellRestore } from './recovery-telemetry.ts';
import type { RestoreReport } from './restore-report.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import { UnlockedSnapshot } from './unlocked-snapshot.ts';

export type { RestoreReport } from './restore-report.ts';

export interface RestoreOptions extends ReadingSpec {
  readonly source: SourceSpec;
  /** `latest`, a snapshot's id, or a time. */
  readonly at: string;
  /** Whose snapshots: the code or the beginning of the id of a writer. Absent: this host's, or the only one's that has any. */
  readonly writer?: string;
  readonly into: RestoreRequest['into'];
  /** gitignore patterns; none restores everything. */
  readonly select: readonly string[];
  readonly conflict: RestoreRequest['conflict'];
  readonly parallel: number;
  /** Only say what would be done. */
  readonly dryRun: boolean;
  /** Asked for when the snapshot is known to exist, so that nobody types a passphrase for nothing. */
  identity(): Promise<Identity>;
  readonly signal: AbortSignal;
  onProgress?(progress: { bytes: number; expectedBytes: number }): void;
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
    bytes: 0,
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
  report.problems = [
    ...unavailable.map(({ failure }) => failure),
    ...unreadable,
    ...writers.problems,
    ...damaged.map(({ failure }) => failure),
  ];
  const snapshot = chooseSnapshot(listing, writers, o.source.name, o.at, host?.writer);
  report.problems = [...report.problems, ...unapprovedWriters(listing, writers, o.source.name)];
  const { header } = snapshot.opened;
  if (header.verdict === 'incomplete') report.problems = [incomplete(snapshot), ...report.problems];
  report.snapshot = { id: snapshot.id, started: header.started, host: header.host, job: header.job };
  requireSource(snapshot, engine.registry);
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
  const request: RestoreRequest = {
    at: 'latest',
    select: o.select.length === 0 ? null : [...o.select],
    into: o.into,
    conflict: o.conflict,
    parallel: o.parallel,
  };
  const planning = watch.phase('plan');
  const preview = new SnapshotReader(unlocked);
  const plan = await opened.source.plan(request, preview);
  await preview.span(planning);
  report.steps = plan.steps;
  const idle = preview.idlePatterns;
  if (idle.length > 0 && idle.length === o.select.length) fail(nothingSelected(snapshot, idle));
  const absent = idle.map((what) => ({ what, failure: nothingSelected(snapshot, [what]) }));
  report.skipped = absent;
  if (o.dryRun) return;
  const restoring = watch.phase('restore');
  const reader = new SnapshotReader(unlocked);
  const expectedBytes = header.artifacts.reduce((sum, { size }) => sum + size, 0);
  const ticking = setInterval(() => o.onProgress?.({ bytes: reader.bytesRestored, expectedBytes }), 100);
  try {
    const restored = await opened.source.restore(plan, request, reader);
    report.facts = restored.facts;
    report.notSet = restored.notSet ?? [];
    report.skipped = [...absent, ...restored.skipped];
    await reader.span(restoring);
  } finally {
    clearInterval(ticking);
    report.bytes = reader.bytesRestored;
  }
  if (o.signal.aborted) fail(cancelled());
}

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
    message: 'the restore was cancelled; what it had written is there and not complete',
    origin: 'agent',
    permanent: false,
    hint: 'run it again, with --conflict replace if the folder is to be overwritten',
  };
}
