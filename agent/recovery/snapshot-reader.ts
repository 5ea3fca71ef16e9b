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
import { readChunks, readWhole } from './chunk-reading.ts';
import { FileWrites } from './file-writes.ts';
import { readTree, refsOf, slice } from './tree-reading.ts';
import type { UnlockedSnapshot } from './unlocked-snapshot.ts';

/** What a source reads a snapshot through. */
export class SnapshotReader implements Reader {
  readonly #from: UnlockedSnapshot;
  readonly #writes: FileWrites;

  constructor(from: UnlockedSnapshot) {
    this.#from = from;
    this.#writes = new FileWrites(from);
  }

  /** Bytes of files written so far. */
  get bytesWritten(): number {
    return this.#writes.bytes;
  }

  async *parts(): AsyncGenerator<{ name: string; kind: 'bytes' | 'tree'; facts: Json }> {
    for (const { name, kind, facts } of this.#from.snapshot.opened.header.artifacts) yield { name, kind, facts };
  }

  async *bytes(name: string, range?: Range): Bytes {
    const artifact = this.#artifact(name, 'bytes');
    yield* slice(this.#allBytes(artifact), range);
  }

  tree(name: string, patterns: readonly string[] = []): AsyncIterable<StoredEntry> {
    return readTree(this.#from, this.#writes, this.#artifact(name, 'tree'), patterns);
  }

  log(name: string): AsyncIterable<LogRecord> {
    return fail({ code: 'LOG_UNAVAILABLE', message: `there is no log ${name}`, origin: 'repository', permanent: true });
  }

  async *#allBytes(artifact: ArtifactBody): Bytes {
    for (const page of artifact.pages) yield* readChunks(this.#from, await readWhole(this.#from, refsOf([page])));
  }

  #artifact(name: string, kind: 'bytes' | 'tree'): ArtifactBody {
    const found = this.#from.body.artifacts.find((artifact) => artifact.name === name && artifact.kind === kind);
    return (
      found ??
      fail({
        code: 'ARTIFACT_UNKNOWN',
        message: `snapshot ${this.#from.snapshot.id} has no ${kind} named ${name}`,
        origin: 'repository',
        permanent: true,
        hint: `it has: ${this.#from.body.artifacts.map((artifact) => artifact.name).join(', ')}`,
      })
    );
  }
}
