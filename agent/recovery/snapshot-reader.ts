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
import { readWhole } from './chunk-reading.ts';
import { FileWrites } from './file-writes.ts';
import { readRange, readTree, refsOf } from './tree-reading.ts';
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
    const start = range?.offset ?? 0;
    const end = Math.min(artifact.size, start + (range?.length ?? Number.POSITIVE_INFINITY));
    for (const [i, page] of artifact.pages.entries()) {
      const next = artifact.pages[i + 1];
      const begins = offsetOf(page);
      if (begins >= end || (next !== undefined && offsetOf(next) <= start)) continue;
      const refs = await readWhole(this.#from, refsOf([page]));
      const offset = Math.max(0, start - begins);
      yield* readRange(this.#from, refs, { offset, length: end - begins - offset });
    }
  }

  tree(name: string, patterns: readonly string[] = []): AsyncIterable<StoredEntry> {
    return readTree(this.#from, this.#writes, this.#artifact(name, 'tree'), patterns);
  }

  log(name: string): AsyncIterable<LogRecord> {
    return fail({ code: 'LOG_UNAVAILABLE', message: `there is no log ${name}`, origin: 'repository', permanent: true });
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

/** Where in the stream the first byte of a page of its chunk list lies. */
function offsetOf({ first }: ArtifactBody['pages'][number]): number {
  return Number(new DataView(first.buffer, first.byteOffset, first.byteLength).getBigUint64(0));
}
