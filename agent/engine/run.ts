import { DomainLock } from '../catalog/domain-lock.ts';
import type { RunEnd } from '../catalog/run-history.ts';
import { sharedBy } from '../config/domains.ts';
import { type Failure, fail, failureOf } from '../contract/index.ts';
import { replicateApprovals } from '../repository/approvals.ts';
import { type EnsuredDomain, ensureDomain, publishWriter } from '../repository/domains.ts';
import { type DomainKeys, domainKeys } from '../repository/keys/domain.ts';
import type { HostKeys } from '../repository/keys/host-keys.ts';
import { snapshotKey } from '../repository/layout.ts';
import type { Replicas } from '../repository/replicas.ts';
import { beginSession } from '../repository/sessions.ts';
import { Store } from '../repository/store.ts';
import { type Succession, successionOf } from '../repository/succession.ts';
import { encodeTable } from '../repository/table.ts';
import { Writers } from '../repository/writers.ts';
import type { RunTrace, TraceSpan } from '../telemetry/telemetry.ts';
import { noCounters } from '../workers/counters.ts';
import { WorkerSession } from '../workers/session.ts';
import { BehindTargets } from './behind-targets.ts';
import { cancelled, Deadline, untilAborted } from './cancellation.ts';
import { chainFindings } from './chain-findings.ts';
import { onlooker } from './onlooker.ts';
import type { Engine } from './opening.ts';
import { PackDelivery } from './pack-delivery.ts';
import { packBytesFor, pipelineOf, type RunPipeline } from './pipeline.ts';
import { noProgress, type Progress } from './progress.ts';
import { readApprovers, readRecipients } from './recipients.ts';
import { unapprovedHost } from './run-keys.ts';
import { isVanished, loadStanding, type Standing } from './run-preparation.ts';
import type { RunReport, TargetReport } from './run-report.ts';
import type { RunRequest } from './run-request.ts';
import { RunSink } from './run-sink.ts';
import { summarise } from './run-summary.ts';
import { openRunTargets } from './run-targets.ts';
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
    // A snapshot that is stored is not undone by what came after it: targets that it did not get to are named.
    if (!run.hasSnapshot) failure = deadline.failure ?? failureOf(error, { code: 'RUN_FAILED', origin: 'agent' });
  }
  const report = run.report(failure);
  let lastSuccess = report.verdict === 'ok' ? report.finished : undefined;
  run.remember(() => {
    if (failure !== undefined) run.leaveCaches();
    if (id !== undefined) engine.catalog.runs.finish(id, endOf(report));
    if (report.verdict !== 'ok') lastSuccess = engine.catalog.runs.lastSuccess(job.name)?.finished;
  });
  const { verdict } = report;
  trace.root.set({
    'holdfast.run.verdict': verdict,
    'holdfast.run.skipped': report.skipped.length,
    'holdfast.run.targets_left_out': report.targets.filter(({ state }) => state === 'left out').length,
  });
  tellRun(trace, job, report, { failedArtifacts: run.failedArtifacts, behind: run.behind, lastSuccess });
  await trace.end(failure?.code);
  return report;
}

/** What a run has found and put in order before it reads its source. */
interface Prepared {
  readonly ensured: EnsuredDomain;
  readonly succession: Succession;
  readonly writers: Writers;
  readonly keys: DomainKeys;
  readonly standing: Standing;
  readonly problems: readonly Failure[];
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
  #facts: RunReport['facts'] = null;
  #snapshot: RunReport['snapshot'];
  #replicas: Replicas | undefined;
  readonly #behind = new BehindTargets();

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
    await using targets = await openRunTargets(job.targets, loan, this.started);
    const { replicas, host } = targets;
    this.#replicas = replicas;
    this.#problems.push(...targets.problems);
    await this.#backUp(replicas, await this.#prepare(replicas, host));
  }

  /** Again without a target that fails meanwhile: all that it does can be done twice. */
  async #prepare(replicas: Replicas, host: HostKeys): Promise<Prepared> {
    for (;;) {
      try {
        const prepared = await this.#prepareOn(replicas, host);
        this.#problems.push(...prepared.problems);
        return prepared;
      } catch (error) {
        replicas.doWithout(error);
      }
    }
  }

  async #prepareOn({ store, leftOut }: Replicas, host: HostKeys): Promise<Prepared> {
    const { job } = this.#request;
    const { writers, problems } = await this.#writers(store, host);
    const { shared } = job;
    const absent = [...leftOut.values()][0];
    // Who has not joined a shared domain yet, and does not see all targets, would make a second one.
    if (shared !== undefined && absent !== undefined && !host.domains.some(({ name }) => name === shared.name))
      fail(absent);
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
    problems.push(...ensured.problems);
    const stored = this.#engine.catalog.runs.lastStored().find((last) => last.job === job.name);
    const succession = await successionOf(store, writers, { writer: host.writer, job: job.name, stored });
    // What is not here may lie on the target that is left out.
    problems.push(...succession.problems.filter((problem) => leftOut.size === 0 || !isVanished(problem)));
    if (succession.last !== undefined) {
      // The newest is this one.
      const earlier = this.#engine.catalog.runs.list(job.name, 2).slice(1);
      problems.push(...chainFindings(succession.last, { now: this.started, earlier }));
    }
    const { domain, epochs } = ensured;
    const keys = domainKeys(domain.id, domain.name, domain.secret);
    const snapshot = snapshotKey(host.writer, job.name, succession.sequence);
    const begun = await beginSession(store, { host, writers, domain: domain.id, snapshot, now: this.started });
    problems.push(...begun.problems.map(({ failure }) => failure));
    const standing = await loadStanding(store, succession, keys, { epochs, marked: begun.marked });
    problems.push(...standing.loaded.problems.map(({ failure }) => failure));
    return { ensured, succession, writers, keys, standing, problems };
  }

  /** Publishes this host's writer, and says who else is trusted; a host that nobody approved is told so. */
  async #writers(store: Store, host: HostKeys): Promise<{ writers: Writers; problems: Failure[] }> {
    await publishWriter(store, host, this.#engine.hostName, this.started.toISOString());
    await replicateApprovals(store, host.writer);
    const { approvers, problems: unreadable } = await readApprovers(this.#request.recipients);
    const writers = await Writers.load(store, host.repository, { own: host, approvers });
    const problems = [...unreadable, ...writers.problems.map(({ failure }) => failure)];
    if (!writers.isApproved(host.writer)) problems.push(unapprovedHost(writers.get(host.writer)));
    return { writers, problems };
  }

  async #backUp(replicas: Replicas, prepared: Prepared): Promise<void> {
    const { job, limits, signal } = this.#request;
    const { ensured, succession, keys, standing } = prepared;
    const { host, domain } = ensured;
    const all = replicas.store;
    this.#behind.add(standing.behind);
    replicas.setAside(standing.behind);
    const pipeline = pipelineOf(this.#engine.registry, job, keys.chunkerKey);
    const { index, packs, adopted } = standing.loaded;
    const delivery = new PackDelivery({ store: replicas, domain: keys, packs, adopted });
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
    this.#facts = verdict.facts;
    sink.span();
    this.#rest = await session.finish();

    const committing = this.#phase('commit');
    await delivery.flush();
    if (signal.aborted) fail(cancelled());
    this.#snapshot = await commitSnapshot({
      engine: this.#engine,
      request: this.#request,
      store: replicas,
      host,
      domain,
      keys,
      succession,
      writers: prepared.writers,
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
    if (succession.uneven || standing.behind.size > 0) await this.#catchUp(all, prepared);
    this.#watch.end();
  }

  async #catchUp({ targets }: Store, { ensured, writers, keys }: Prepared): Promise<void> {
    const { job, signal, mostCopied } = this.#request;
    this.#phase('copy');
    const options = {
      reached: new Store(targets.filter(({ name }) => !this.#replicas?.leftOut.has(name))),
      snapshot: this.#snapshot?.key ?? '',
      writers,
      host: ensured.host,
      writer: ensured.host.writer,
      now: this.started,
      job: job.name,
      keys,
      epochs: ensured.epochs,
      signal,
      mostBytes: mostCopied,
    };
    await this.#behind.catchUp(options, (problem) => {
      if (!this.#problems.some(({ message }) => message === problem.message)) this.#problems.push(problem);
    });
  }

  /** Whether the commit point is behind this run. */
  get hasSnapshot(): boolean {
    return this.#snapshot !== undefined;
  }

  #targets(): TargetReport[] {
    return this.#request.job.targets.flatMap(({ name }): TargetReport[] => {
      const failure = this.#replicas?.leftOut.get(name);
      if (failure !== undefined) return [{ name, state: 'left out', failure, ...this.#behind.copiedTo(name) }];
      const report = this.#behind.reportOf(name, this.hasSnapshot);
      return report === undefined ? [] : [report];
    });
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
    return new TreeCache({ cache, index, startedAt: this.started, onlooker: onlooker() });
  }

  #phase(name: string): TraceSpan {
    this.#progress.phase = name === 'copy' ? 'copying' : name === 'commit' ? 'committing' : 'capturing';
    this.#tell();
    return this.#watch.phase(name);
  }

  #tell(): void {
    this.#progress.bytesStored = this.#delivery?.bytes ?? 0;
    this.#request.onProgress?.(this.#progress);
  }

  get behind(): ReadonlySet<string> {
    return this.#behind.names;
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
      facts: this.#facts,
      targets: this.#targets(),
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
    ...(snapshot === undefined ? {} : { snapshot: snapshot.hash, object: snapshot.key }),
    ...(failure === undefined ? {} : { failure }),
  };
}
