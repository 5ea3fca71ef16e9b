import { DomainLock } from '../catalog/domain-lock.ts';
import type { RunEnd } from '../catalog/run-history.ts';
import { sharedBy } from '../config/domains.ts';
import { type Failure, fail, failureOf } from '../contract/index.ts';
import { replicateApprovals } from '../repository/approvals.ts';
import { type EnsuredDomain, ensureDomain, publishWriter } from '../repository/domains.ts';
import { loadIndex } from '../repository/index-loading.ts';
import { domainKeys } from '../repository/keys/domain.ts';
import type { HostKeys } from '../repository/keys/host-keys.ts';
import { type Succession, successionOf } from '../repository/snapshots.ts';
import type { Store } from '../repository/store.ts';
import { encodeTable } from '../repository/table.ts';
import { Writers } from '../repository/writers.ts';
import type { RunTrace, TraceSpan } from '../telemetry/telemetry.ts';
import { noCounters } from '../workers/counters.ts';
import { WorkerSession } from '../workers/session.ts';
import { cancelled, Deadline, untilAborted } from './cancellation.ts';
import { type Engine, openStore } from './opening.ts';
import { PackDelivery } from './pack-delivery.ts';
import { packBytesFor, pipelineOf, type RunPipeline } from './pipeline.ts';
import { noProgress, type Progress } from './progress.ts';
import { readApprovers, readRecipients } from './recipients.ts';
import { hostKeysFor, unapprovedHost } from './run-keys.ts';
import type { RunReport } from './run-report.ts';
import type { RunRequest } from './run-request.ts';
import { RunSink } from './run-sink.ts';
import { summarise } from './run-summary.ts';
import { tellRun } from './run-telemetry.ts';
import { commitSnapshot } from './snapshot-commit.ts';
import { captureSource } from './source-capture.ts';
import { Stopwatch } from './stopwatch.ts';
import { TreeCache } from './tree-cache.ts';
import { UsedSlots } from './used-slots.ts';

/** Longer than a source and the workers together are waited for. */
const GRACE_MS = 15_000;

/**
 * One run of one job, from opening its targets to the signed snapshot. Never throws for what may happen to a run: the report
 * says how it ended, and the catalog and the trace say the same.
 *
 * Order of writes: packs, index fragments, snapshot. Nothing that happens after a failure or a cancellation writes a snapshot.
 */
export async function runJob(engine: Engine, request: RunRequest): Promise<RunReport> {
  const { job } = request;
  const trace = engine.telemetry.run(`backup ${job.name}`, {
    'holdfast.job.name': job.name,
    'holdfast.source.name': job.source.name,
    'holdfast.source.type': job.source.type,
  });
  using deadline = new Deadline(request.signal, job.timeoutMs);
  const run = new Run(engine, { ...request, signal: deadline.signal }, trace);
  let id: number | undefined;
  let failure: Failure | undefined;
  try {
    const { name, source, domain } = job;
    id = engine.catalog.runs.start({ job: name, source: source.name, domain, started: run.started.toISOString() });
    await untilAborted(run.carryOut(), deadline.signal, request.graceMs ?? GRACE_MS);
  } catch (error) {
    failure = deadline.failure ?? failureOf(error, { code: 'RUN_FAILED', origin: 'agent' });
  }
  const report = run.report(failure);
  let lastSuccess = report.verdict === 'ok' ? report.finished : undefined;
  run.remember(() => {
    if (failure !== undefined) run.leaveCaches();
    if (id !== undefined) engine.catalog.runs.finish(id, endOf(report));
    if (report.verdict !== 'ok') lastSuccess = engine.catalog.runs.lastSuccess(job.name)?.finished;
  });
  const { verdict } = report;
  trace.root.set({ 'holdfast.run.verdict': verdict, 'holdfast.run.skipped': report.skipped.length });
  tellRun(trace, job, report, { failedArtifacts: run.failedArtifacts, lastSuccess });
  await trace.end(failure?.code);
  return report;
}

class Run {
  readonly started: Date;
  readonly #engine: Engine;
  readonly #request: RunRequest;
  readonly #trace: RunTrace;
  readonly #watch: Stopwatch;
  readonly #progress: Progress = noProgress();
  readonly #problems: Failure[] = [];
  /** Of the trees of this run; left behind when it makes no snapshot. */
  readonly #caches: TreeCache[] = [];
  readonly #startedAt = performance.now();
  /** What belongs to no artifact: sealing the last packs. */
  #rest = noCounters();
  #sink: RunSink | undefined;
  #delivery: PackDelivery | undefined;
  #snapshot: RunReport['snapshot'];

  constructor(engine: Engine, request: RunRequest, trace: RunTrace) {
    this.#engine = engine;
    this.#request = request;
    this.#trace = trace;
    this.#watch = new Stopwatch(trace.root);
    this.started = engine.now();
  }

  async carryOut(): Promise<void> {
    const { job, signal } = this.#request;
    using _lock = DomainLock.take(this.#engine.stateFolder, job.domain);
    const opening = this.#watch.phase('open');
    const loan = { engine: this.#engine, span: opening, signal };
    await using store = await openStore(job.targets, loan);
    const host = await hostKeysFor(store, this.#engine.stateFolder);
    const writers = await this.#writers(store, host);
    const { shared } = job;
    const ensured = await ensureDomain({
      store,
      host,
      writers,
      name: job.domain,
      sharing: shared && { name: shared.name, includes: (name) => sharedBy(shared, name) },
      recipients: await readRecipients(job.recipients, this.started),
      stateFolder: this.#engine.stateFolder,
      now: this.started,
    });
    this.#problems.push(...ensured.problems);
    const succession = await successionOf(store, writers, host.writer, job.name);
    await this.#backUp(store, ensured, succession);
  }

  /** Publishes this host's writer, and says who else is trusted; a host that nobody approved is told so. */
  async #writers(store: Store, host: HostKeys): Promise<Writers> {
    await publishWriter(store, host, this.#engine.hostName, this.started.toISOString());
    await replicateApprovals(store, host.writer);
    const { approvers, problems } = await readApprovers(this.#request.recipients);
    const writers = await Writers.load(store, host.repository, { own: host, approvers });
    this.#problems.push(...problems, ...writers.problems);
    if (!writers.isApproved(host.writer)) this.#problems.push(unapprovedHost(writers.get(host.writer)));
    return writers;
  }

  async #backUp(store: Store, { host, domain, epochs }: EnsuredDomain, succession: Succession): Promise<void> {
    const { job, limits, signal } = this.#request;
    const keys = domainKeys(domain.id, domain.name, domain.secret);
    const pipeline = pipelineOf(this.#engine.registry, job, keys.chunkerKey);
    const { index, packs, adopted, problems } = await loadIndex(store, keys, 'write', epochs);
    this.#problems.push(...problems);
    const delivery = new PackDelivery({ store, domain: keys, packs, adopted });
    this.#delivery = delivery;
    delivery.adopt((number) => {
      const pack =
        packs.get(number) ??
        fail({ code: 'PACK_MISSING', message: 'a pack left the list', origin: 'agent', permanent: true });
      return { name: pack.name, size: pack.size, table: encodeTable(pack.table) };
    });
    this.#progress.expectedBytes =
      succession.last?.opened.header.artifacts.reduce((sum, { size }) => sum + size, 0) ?? 0;
    const used = new UsedSlots();
    const caches = this.#caches;

    const capturing = this.#phase('capture');
    await using session = new WorkerSession({
      workers: limits.workers,
      signal,
      onPack: (sealed) => delivery.store(sealed).then(() => this.#tell()),
      setup: (worker, control) => ({
        kind: 'store',
        worker,
        index: index.buffer,
        control,
        domain: Buffer.from(keys.id, 'hex'),
        idKey: keys.idKey,
        indexKey: keys.indexKey,
        chunkerKey: keys.chunkerKey,
        epoch: Buffer.from(domain.epoch.id, 'hex'),
        epochPublicKey: domain.epoch.publicKey,
        chunker: pipeline.chunkerModule,
        codec: pipeline.codecModule,
        packBytes: packBytesFor(limits, pipeline.chunkers),
      }),
    });
    const sink = new RunSink({
      session,
      used,
      progress: this.#progress,
      chunkers: pipeline.chunkers,
      span: capturing,
      signal,
      cacheFor: (artifact) => {
        const cache = this.#treeCache(keys.id, artifact, pipeline, index);
        caches.push(cache);
        return cache;
      },
    });
    this.#sink = sink;
    const ticking = setInterval(() => this.#tell(), 100);
    const loan = { engine: this.#engine, span: capturing, signal };
    const verdict = await captureSource(job, limits, loan, sink).finally(() => clearInterval(ticking));
    sink.span();
    this.#rest = await session.finish();

    const committing = this.#phase('commit');
    await delivery.flush();
    if (signal.aborted) fail(cancelled());
    this.#snapshot = await commitSnapshot({
      engine: this.#engine,
      request: this.#request,
      store,
      host,
      domain,
      keys,
      succession,
      started: this.started,
      pipeline: pipeline.description,
      verdict,
      artifacts: sink.artifacts,
      skipped: sink.skipped,
      used,
      index,
      packs,
      span: committing,
    });
    this.remember(() => {
      for (const cache of caches) cache.commit();
    });
    this.#watch.end();
  }

  /** Of a run that made no snapshot. */
  leaveCaches(): void {
    for (const cache of this.#caches) cache.discard();
  }

  /** Writes to the catalog when the run has ended: what does not work then costs the next run a full read, and nothing else. */
  remember(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#problems.push(failureOf(error, { code: 'CATALOG_UNUSABLE', origin: 'agent' }));
    }
  }

  #treeCache(
    domain: string,
    artifact: string,
    pipeline: RunPipeline,
    index: ConstructorParameters<typeof TreeCache>[0]['index'],
  ): TreeCache {
    const { job } = this.#request;
    const source = JSON.stringify([job.name, job.source.name, artifact]);
    const cache = this.#engine.catalog.fileCache({ domain, source, chunker: pipeline.chunkerId });
    return new TreeCache({ cache, index, startedAt: this.started });
  }

  #phase(name: string): TraceSpan {
    this.#progress.phase = name === 'commit' ? 'committing' : 'capturing';
    this.#tell();
    return this.#watch.phase(name);
  }

  #tell(): void {
    this.#progress.bytesStored = this.#delivery?.bytes ?? 0;
    this.#request.onProgress?.(this.#progress);
  }

  get failedArtifacts(): number {
    return this.#sink?.failed ?? 0;
  }

  report(failure: Failure | undefined): RunReport {
    if (failure !== undefined) {
      this.#sink?.span();
      this.#watch.end(failure.code);
    }
    return summarise({
      job: this.#request.job,
      traceId: this.#trace.traceId,
      started: this.started,
      finished: this.#engine.now(),
      durationMs: performance.now() - this.#startedAt,
      phases: this.#watch.phases,
      snapshot: this.#snapshot,
      artifacts: this.#sink?.artifacts ?? [],
      skipped: this.#sink?.skipped ?? [],
      rest: this.#rest,
      delivery: this.#delivery,
      problems: this.#problems,
      failure,
    });
  }
}

function endOf({ finished, verdict, traceId, totals, snapshot, failure }: RunReport): RunEnd {
  return {
    finished,
    verdict,
    traceId,
    counters: { ...totals },
    ...(snapshot === undefined ? {} : { snapshot: snapshot.hash }),
    ...(failure === undefined ? {} : { failure }),
  };
}
