import { readFile } from 'node:fs/promises';
import { DomainLock } from '../catalog/domain-lock.ts';
import type { RunEnd } from '../catalog/run-history.ts';
import type { RecipientSpec } from '../config/policy.ts';
import { type Failure, fail, failureOf, HoldfastError, type Verdict as SourceVerdict } from '../contract/index.ts';
import { ensureDomain, publishWriter } from '../repository/domains.ts';
import { loadIndex } from '../repository/index-loading.ts';
import { domainKeys } from '../repository/keys/domain.ts';
import { type HostKeys, loadHostKeys } from '../repository/keys/host-keys.ts';
import { type Recipient, readRecipient } from '../repository/keys/recipient.ts';
import { readMarker } from '../repository/marker.ts';
import { type Succession, successionOf } from '../repository/snapshots.ts';
import type { Store } from '../repository/store.ts';
import { encodeTable } from '../repository/table.ts';
import { Writers } from '../repository/writers.ts';
import type { RunTrace, TraceSpan } from '../telemetry/telemetry.ts';
import { addCounters, noCounters } from '../workers/counters.ts';
import { WorkerSession } from '../workers/session.ts';
import { type Engine, openSource, openStore } from './opening.ts';
import { PackDelivery } from './pack-delivery.ts';
import { packBytesFor, pipelineOf, type RunPipeline } from './pipeline.ts';
import { noProgress, type Progress } from './progress.ts';
import type { RunReport, Verdict } from './run-report.ts';
import type { RunRequest } from './run-request.ts';
import { RunSink } from './run-sink.ts';
import { commitSnapshot } from './snapshot-commit.ts';
import { Stopwatch } from './stopwatch.ts';
import { TreeCache } from './tree-cache.ts';
import { UsedSlots } from './used-slots.ts';

/** How long a source may take to notice that the run was cancelled. */
const SOURCE_GRACE_MS = 2000;

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
  const run = new Run(engine, request, trace);
  let id: number | undefined;
  let failure: Failure | undefined;
  try {
    const { name, source, domain } = job;
    id = engine.catalog.runs.start({ job: name, source: source.name, domain, started: run.started.toISOString() });
    await run.carryOut();
  } catch (error) {
    failure = request.signal.aborted ? cancelled() : failureOf(error, { code: 'RUN_FAILED', origin: 'agent' });
  }
  const report = run.report(failure);
  run.remember(() => {
    if (failure !== undefined) run.leaveCaches();
    if (id !== undefined) engine.catalog.runs.finish(id, endOf(report));
  });
  const { verdict } = report;
  trace.root.set({ 'holdfast.run.verdict': verdict, 'holdfast.run.skipped': report.skipped.length });
  trace.root.end(failure?.code);
  await trace.drain();
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
  /** Of all artifacts, and of the last packs, which belong to none. */
  readonly #counters = noCounters();
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
    const host = await this.#hostKeys(store);
    const recipients = await readRecipients(job.recipients, this.started);
    const ensured = await ensureDomain({
      store,
      host,
      name: job.domain,
      recipients,
      stateFolder: this.#engine.stateFolder,
      now: this.started,
    });
    await publishWriter(store, ensured.host, this.#engine.hostName, this.started.toISOString());
    const writers = await Writers.load(store, host.repository, ensured.host);
    this.#problems.push(...writers.problems);
    const succession = await successionOf(store, writers, host.writer, job.name);
    await this.#backUp(store, ensured.host, ensured.domain, succession);
  }

  async #backUp(
    store: Store,
    host: HostKeys,
    domain: HostKeys['domains'][number],
    succession: Succession,
  ): Promise<void> {
    const { job, limits, signal } = this.#request;
    const keys = domainKeys(domain.id, domain.name, domain.secret);
    const pipeline = pipelineOf(this.#engine.registry, job.pipeline, keys.chunkerKey);
    const { index, packs, adopted, problems } = await loadIndex(store, keys, 'write');
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
    const verdict = await this.#capture(sink);
    addCounters(this.#counters, await session.finish());

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

  async #capture(sink: RunSink): Promise<SourceVerdict> {
    const { job, limits, signal } = this.#request;
    const ticking = setInterval(() => this.#tell(), 100);
    try {
      const loan = { engine: this.#engine, span: this.#watch.current, signal };
      await using opened = await openSource(job.source, loan);
      const request = { select: job.select, parallel: limits.files, lastOf: () => undefined };
      const verdict = await untilAborted(opened.source.backup(request, sink), signal);
      sink.end();
      if (signal.aborted) fail(cancelled());
      return explicit(verdict, job.source.name);
    } catch (error) {
      // What broke the run comes first, whatever the source made of it.
      const cause = sink.broken ?? error;
      throw new HoldfastError(failureOf(cause, { code: 'SOURCE_FAILED', origin: 'source' }), cause);
    } finally {
      clearInterval(ticking);
    }
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

  async #hostKeys(store: Store): Promise<HostKeys> {
    const host = await loadHostKeys(this.#engine.stateFolder);
    if (host === undefined) {
      return fail({
        code: 'NOT_INITIALISED',
        message: `this host has no keys yet (looked in ${this.#engine.stateFolder})`,
        origin: 'key',
        permanent: true,
        hint: 'run `holdfast init` with the same policy and as the same user',
      });
    }
    const marker = await readMarker(store);
    if (marker.id === host.repository) return host;
    return fail({
      code: 'REPOSITORY_OTHER',
      message: `the targets hold repository ${marker.id}; this host was set up for ${host.repository}`,
      origin: 'target',
      permanent: true,
      hint: 'check the path or bucket of the targets, or use another state folder for another repository',
    });
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

  report(failure: Failure | undefined): RunReport {
    const { job } = this.#request;
    if (failure !== undefined) this.#watch.end(failure.code);
    const finished = this.#engine.now();
    const artifacts = this.#sink?.artifacts ?? [];
    const counters = this.#counters;
    for (const artifact of artifacts) addCounters(counters, artifact.counters);
    const sum = (of: (artifact: (typeof artifacts)[number]) => number) =>
      artifacts.reduce((total, one) => total + of(one), 0);
    const skipped = this.#sink?.skipped ?? [];
    return {
      job: job.name,
      source: job.source.name,
      verdict: verdictOf(failure, skipped.length),
      traceId: this.#trace.traceId,
      started: this.started.toISOString(),
      finished: finished.toISOString(),
      durationMs: performance.now() - this.#startedAt,
      phases: this.#watch.phases,
      ...(this.#snapshot === undefined ? {} : { snapshot: this.#snapshot }),
      artifacts: artifacts.map(({ counters: _, body: __, facts: ___, ...shown }) => shown),
      totals: {
        size: sum(({ size }) => size),
        entries: sum(({ entries }) => entries),
        files: sum(({ files }) => files),
        unchanged: sum(({ unchanged }) => unchanged),
        newChunks: counters.newChunks,
        newBytes: counters.newBytes,
        storedBytes: counters.storedBytes,
      },
      counters,
      stored: {
        packs: this.#delivery?.count ?? 0,
        bytes: this.#delivery?.bytes ?? 0,
        busyMs: this.#delivery?.busyMs ?? 0,
      },
      skipped,
      problems: this.#problems,
      ...(failure === undefined ? {} : { failure }),
    };
  }
}

async function readRecipients(specs: readonly RecipientSpec[], now: Date): Promise<Recipient[]> {
  return Promise.all(
    specs.map(async ({ name, publicKey }) => {
      let armored: string;
      try {
        armored = await readFile(publicKey, 'utf8');
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        return fail(
          {
            code: 'RECIPIENT_UNUSABLE',
            message: `the public key of recipient ${name} could not be read from ${publicKey} (${code})`,
            origin: 'key',
            permanent: true,
            hint: 'the path is relative to the policy; `holdfast init` writes a recovery key there',
          },
          error,
        );
      }
      return readRecipient(name, armored, now);
    }),
  );
}

/** A source that ends without saying what it captured has failed: nothing may be concluded from silence. */
function explicit(verdict: SourceVerdict | undefined, source: string): SourceVerdict {
  if (typeof verdict === 'object' && verdict !== null && verdict.facts !== undefined) return verdict;
  return fail({
    code: 'VERDICT_MISSING',
    message: `source ${source} ended without a verdict; no snapshot was made`,
    origin: 'agent',
    permanent: true,
    hint: 'this is a mistake in the source plugin: report it to whoever maintains it',
  });
}

/** A source that does not notice the end of a run is left behind after a moment: nobody waits for it for ever. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  let grace: NodeJS.Timeout | undefined;
  const onAbort = () => {
    grace = setTimeout(() => reject(new HoldfastError(cancelled())), SOURCE_GRACE_MS);
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearTimeout(grace);
    work.catch(() => {});
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

function verdictOf(failure: Failure | undefined, skipped: number): Verdict {
  if (failure !== undefined) return failure.code === 'CANCELLED' ? 'cancelled' : 'failed';
  return skipped > 0 ? 'incomplete' : 'ok';
}

function cancelled(): Failure {
  return {
    code: 'CANCELLED',
    message: 'the run was cancelled; no snapshot was made',
    origin: 'agent',
    permanent: false,
    hint: 'what was stored is kept: the next run goes on from there',
  };
}
