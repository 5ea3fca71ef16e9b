import {
  type ArtifactOptions,
  type Bytes,
  type Chunker,
  type Failure,
  type Gap,
  HoldfastError,
  type Sink,
  type TreeEntries,
} from '../contract/index.ts';
import type { ArtifactBody } from '../repository/snapshot.ts';
import type { TraceSpan } from '../telemetry/telemetry.ts';
import { addCounters, type Counters, noCounters } from '../workers/counters.ts';
import type { WorkerSession } from '../workers/session.ts';
import { ArtifactSpans } from './artifact-spans.ts';
import { storeByteList } from './byte-list.ts';
import type { CapturedArtifact } from './captured-artifact.ts';
import type { Progress } from './progress.ts';
import { captureStream } from './stream-capture.ts';
import type { TreeCache } from './tree-cache.ts';
import { TreeCapture } from './tree-capture.ts';
import type { UsedSlots } from './used-slots.ts';

const SOURCE_MISTAKE = 'this is a mistake in the source plugin: report it to whoever maintains it';

export interface RunSinkOptions {
  readonly session: WorkerSession;
  readonly used: UsedSlots;
  readonly progress: Progress;
  readonly chunkers: Readonly<Record<'cdc' | 'fixed', Chunker>>;
  /** A fresh view on the file cache for each tree. */
  cacheFor(artifact: string): TreeCache;
  readonly span: TraceSpan;
  readonly signal: AbortSignal;
}

/** The sink of one run: takes artifacts from the source, several at a time if it likes. */
export class RunSink implements Sink {
  readonly #o: RunSinkOptions;
  readonly #names = new Set<string>();
  readonly artifacts: CapturedArtifact[] = [];
  readonly skipped: { what: string; failure: Failure }[] = [];
  readonly #spans = new ArtifactSpans();
  /** Artifacts that could not be stored. */
  failed = 0;
  #next = 0;
  /** The first failure of any call: the run is over even when the source goes on. */
  broken: unknown;
  #open = 0;

  constructor(options: RunSinkOptions) {
    this.#o = options;
  }

  async bytes(name: string, data: Bytes, options: Parameters<Sink['bytes']>[2]): Promise<void> {
    await this.#artifact(name, 'bytes', options, async (artifact, counters) => {
      const chunker = this.#o.chunkers[options.chunker];
      const { streams } = this.#o.progress;
      const onSize = (size: number) => void streams.set(name, size);
      onSize(0);
      using _ = { [Symbol.dispose]: () => void streams.delete(name) };
      const { size, refs } = await captureStream(data, { ...this.#o, artifact, chunker, counters, onSize });
      const pages = await storeByteList({ ...this.#o, artifact }, refs);
      const none = { entries: 0, files: 0, unchanged: 0, changedWhileRead: 0, changedPaths: [] };
      return { pages, size, ...none, facts: options.facts?.() ?? null };
    });
  }

  async tree(name: string, entries: TreeEntries, options: ArtifactOptions = {}): Promise<void> {
    await this.#artifact(name, 'tree', options, async (artifact, counters) => {
      const { chunkers, cacheFor, ...rest } = this.#o;
      const capture = new TreeCapture({
        ...rest,
        artifact,
        counters,
        chunker: chunkers.cdc,
        cache: cacheFor(name),
        skip: (what, failure) => this.skip(what, failure),
      });
      return { ...(await capture.take(entries)), facts: options.facts?.() ?? null };
    });
  }

  async reuse(name: string): Promise<void> {
    this.#break({
      code: 'REUSE_WITHOUT_PREVIOUS',
      message: `the source asked to take over ${name}, but this run has no previous snapshot to take it from`,
      origin: 'agent',
      permanent: true,
      hint: SOURCE_MISTAKE,
    });
  }

  async append(record: { log: string }): Promise<void> {
    this.#break({
      code: 'LOG_UNAVAILABLE',
      message: `the source wants to append to log ${record.log}; logs are not yet available`,
      origin: 'agent',
      permanent: true,
    });
  }

  gap(gap: Gap): void {
    this.skip(`log ${gap.log}`, { code: 'LOG_GAP', message: gap.reason, origin: 'source', permanent: true });
  }

  skip(what: string, failure: Failure): void {
    if (failure.origin !== 'source') this.#break(failure);
    this.skipped.push({ what, failure });
    this.#o.progress.skipped++;
  }

  /** Called when the source says that it is done: throws what broke the run, or `SOURCE_UNFINISHED` when a call is still open. */
  end(): void {
    if (this.broken !== undefined) throw this.broken;
    if (this.#open === 0) return;
    this.#break({
      code: 'SOURCE_UNFINISHED',
      message: `the source ended while ${this.#open} of its artifacts were still being stored; no snapshot was made`,
      origin: 'agent',
      permanent: true,
      hint: SOURCE_MISTAKE,
    });
  }

  /** Puts the spans of the artifacts that ended below that of the phase; those that end later at the next call. */
  span(): void {
    this.#spans.emit(this.#o.span);
  }

  #break(failure: Failure): never {
    const error = new HoldfastError(failure);
    this.broken ??= error;
    throw error;
  }

  async #artifact(
    name: string,
    kind: 'bytes' | 'tree',
    { attributes }: ArtifactOptions,
    capture: (
      artifact: number,
      counters: Counters,
    ) => Promise<Omit<CapturedArtifact, 'name' | 'kind' | 'counters' | 'body'> & Pick<ArtifactBody, 'pages'>>,
  ): Promise<void> {
    if (this.#names.has(name)) {
      this.#break({
        code: 'ARTIFACT_TWICE',
        message: `the source gave two artifacts the name ${name}`,
        origin: 'agent',
        permanent: true,
        hint: SOURCE_MISTAKE,
      });
    }
    this.#names.add(name);
    this.#open++;
    const artifact = this.#next++;
    const startedAt = this.#o.span.now();
    const ended = () => ({ name, kind, startedAt, endedAt: this.#o.span.now(), attributes: attributes?.() ?? {} });
    const counters = noCounters();
    try {
      const { pages, ...captured } = await capture(artifact, counters);
      for (const { counters: more } of await this.#o.session.sendAll({ kind: 'flush', artifact }))
        addCounters(counters, more);
      const done = { ...captured, name, kind, counters, body: { name, kind, size: captured.size, pages: [...pages] } };
      this.artifacts.push(done);
      this.#o.progress.artifacts++;
      this.#spans.add({ ...ended(), captured: done });
    } catch (error) {
      this.broken ??= error;
      this.failed++;
      this.#spans.add(ended());
      throw error;
    } finally {
      this.#open--;
    }
  }
}
