import {
  type Bytes,
  fail,
  type Json,
  type LogRecord,
  type Range,
  type Reader,
  type StoredEntry,
} from '../contract/index.ts';
import type { ArtifactBody } from '../repository/snapshot.ts';
import type { TraceSpan } from '../telemetry/telemetry.ts';
import { addReadCounters, noReadCounters, type ReadCounters } from '../workers/counters.ts';
import type { ChunkReader } from './chunk-reading.ts';
import { FileWrites } from './file-writes.ts';
import { ReadingSpans } from './reading-spans.ts';
import { Selection } from './selection.ts';
import { readStream } from './stream-reading.ts';
import { readTree } from './tree-reading.ts';
import type { UnlockedSnapshot } from './unlocked-snapshot.ts';
import { ZeroChunks } from './zero-chunks.ts';

/** One artifact being read: the workers' and the store's work is booked to it. */
interface ArtifactReading extends ChunkReader {
  readonly body: ArtifactBody;
  readonly writes: FileWrites;
  readonly counters: ReadCounters;
  /** By `performance.now()`. */
  readonly startedAt: number;
}

/** What a source reads a snapshot through. */
export class SnapshotReader implements Reader {
  readonly #from: UnlockedSnapshot;
  readonly #readings = new Map<string, ArtifactReading>();
  readonly #selections: Selection[] = [];
  /** Asked of names instead: of a source whose artifacts are no trees. */
  readonly #named: Selection[] = [];
  #streamed = 0;

  constructor(from: UnlockedSnapshot) {
    this.#from = from;
  }

  /** Bytes of files written so far, and of streams handed out. */
  get bytesRestored(): number {
    return [...this.#readings.values()].reduce((sum, { writes }) => sum + writes.bytes, this.#streamed);
  }

  /** Bytes of stored files that were compared with files of this host so far. */
  get bytesCompared(): number {
    return [...this.#readings.values()].reduce((sum, { writes }) => sum + writes.compared, 0);
  }

  /** Bytes read from targets so far, as they are stored. */
  get bytesFetched(): number {
    return [...this.#readings.values()].reduce((sum, { counters }) => sum + counters.fetch.bytesOut, 0);
  }

  /** The patterns that selected nothing in any tree that was read to its end; where none was, of the names that were asked for. */
  get idlePatterns(): string[] {
    const [first, ...others] = this.#selections.length > 0 ? this.#selections : this.#named;
    return first?.idle.filter((pattern) => others.every(({ idle }) => idle.includes(pattern))) ?? [];
  }

  /** Puts the spans of the artifacts that were read below `parent`, and one for each of their stages below those. */
  async span(parent: TraceSpan): Promise<void> {
    const clock = parent.now() - performance.now();
    const spans = new ReadingSpans();
    for (const { artifact, body, counters, startedAt } of this.#readings.values()) {
      for (const reply of await this.#from.session.sendAll({ kind: 'tally', artifact })) {
        addReadCounters(counters, reply.counters);
      }
      spans.add({ body, counters, startedAt: clock + startedAt });
    }
    spans.emit(parent);
  }

  async *parts(): AsyncGenerator<{ name: string; kind: 'bytes' | 'tree'; facts: Json }> {
    for (const { name, kind, facts } of this.#from.snapshot.opened.header.artifacts) yield { name, kind, facts };
  }

  async *bytes(name: string, range?: Range): Bytes {
    const reading = this.#reading(name, 'bytes');
    for await (const part of readStream(reading, reading.body, range)) {
      this.#streamed += part.length;
      yield part;
    }
  }

  /** `depth`: how many levels below the paths that are selected are needed; what lies deeper may be left out. */
  tree(name: string, patterns: readonly string[] = [], depth?: number): AsyncIterable<StoredEntry> {
    return this.#tree(this.#reading(name, 'tree'), new Selection(patterns), depth);
  }

  selection(patterns: readonly string[]): (path: Uint8Array, isFolder: boolean) => boolean {
    const selection = new Selection(patterns);
    this.#named.push(selection);
    return (path, isFolder) => selection.has({ path, kind: isFolder ? 'directory' : 'file' });
  }

  log(name: string): AsyncIterable<LogRecord> {
    return fail({ code: 'LOG_UNAVAILABLE', message: `there is no log ${name}`, origin: 'repository', permanent: true });
  }

  async *#tree(reading: ArtifactReading, selection: Selection, depth?: number): AsyncGenerator<StoredEntry> {
    yield* readTree(reading, reading.writes, reading.body, selection, depth);
    this.#selections.push(selection);
  }

  #reading(name: string, kind: 'bytes' | 'tree'): ArtifactReading {
    const key = `${kind} ${name}`;
    let reading = this.#readings.get(key);
    if (reading === undefined) {
      reading = this.#open(name, kind);
      this.#readings.set(key, reading);
    }
    return reading;
  }

  #open(name: string, kind: 'bytes' | 'tree'): ArtifactReading {
    const { session, frames, gate, pages, body, domain } = this.#from;
    const artifact = body.artifacts.findIndex((one) => one.name === name && one.kind === kind);
    const counters = noReadCounters();
    const reader = { session, frames, gate, pages, artifact, fetched: counters.fetch };
    const startedAt = performance.now();
    return {
      ...reader,
      body: body.artifacts[artifact] ?? this.#unknown(name, kind),
      writes: new FileWrites(reader, new ZeroChunks(domain.idKey)),
      counters,
      startedAt,
    };
  }

  #unknown(name: string, kind: 'bytes' | 'tree'): never {
    return fail({
      code: 'ARTIFACT_UNKNOWN',
      message: `snapshot ${this.#from.snapshot.id} has no ${kind} named ${name}`,
      origin: 'repository',
      permanent: true,
      hint: `it has: ${this.#from.body.artifacts.map((artifact) => artifact.name).join(', ')}`,
    });
  }
}
