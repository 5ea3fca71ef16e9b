import { fail, type StoredEntry } from '../contract/index.ts';
import type { ArtifactBody } from '../repository/snapshot.ts';
import { type TreeRecord, totalLength } from '../repository/tree.ts';
import { type ChunkReader, readChunks, readWhole } from './chunk-reading.ts';
import type { FileWrites } from './file-writes.ts';
import { REF_BYTES } from './frame-source.ts';
import { isWithin } from './page-choice.ts';
import { lookUp, readRecords } from './record-reading.ts';
import type { Selection } from './selection.ts';

type FileRecord = Extract<TreeRecord, { kind: 'file' }>;

/**
 * The entries of a tree that are selected, with the folders above them, ready to be restored. A selected name of a file
 * whose first name is not selected becomes that file.
 */
export async function* readTree(
  reader: ChunkReader,
  writes: FileWrites,
  artifact: ArtifactBody,
  selection: Selection,
  depth?: number,
): AsyncGenerator<StoredEntry> {
  const names = new LinkedNames(reader, artifact, selection);
  const above: TreeRecord[] = [];
  const sought = { places: selection.places, ...(depth === undefined ? {} : { depth }) };
  for await (const record of readRecords(reader, artifact, sought)) {
    while (above.length > 0 && !isWithin(record.path, (above.at(-1) as TreeRecord).path)) above.pop();
    if (!selection.has(record)) {
      if (record.kind === 'directory') above.push(record);
      continue;
    }
    for (const folder of above.splice(0)) yield entryOf(reader, writes, folder);
    yield entryOf(reader, writes, await names.resolve(record));
  }
}

/** Gives what has a selected name, and no first name that is selected, to the first of those: it will carry the content. */
class LinkedNames {
  readonly #reader: ChunkReader;
  readonly #artifact: ArtifactBody;
  readonly #selection: Selection;
  /** The name that carries the content, by the first name of all. */
  readonly #carriers = new Map<string, Uint8Array>();

  constructor(reader: ChunkReader, artifact: ArtifactBody, selection: Selection) {
    this.#reader = reader;
    this.#artifact = artifact;
    this.#selection = selection;
  }

  async resolve(record: TreeRecord): Promise<TreeRecord> {
    if (record.kind !== 'hardlink' || this.#selection.wants({ path: record.target, kind: 'file' })) return record;
    const first = nameOf(record.target);
    const carrier = this.#carriers.get(first);
    if (carrier !== undefined) return { ...record, target: carrier };
    const content = await lookUp(this.#reader, this.#artifact, record.target);
    if (content === undefined || content.kind === 'directory' || content.kind === 'hardlink') return record;
    this.#carriers.set(first, record.path.slice());
    return { ...content, path: record.path, meta: record.meta };
  }
}

function entryOf(reader: ChunkReader, writes: FileWrites, record: TreeRecord): StoredEntry {
  if (record.kind !== 'file') return record;
  const { path, meta, size, sparse } = record;
  return {
    path,
    meta,
    kind: 'file',
    size,
    ...(sparse ? { sparse } : {}),
    content: {
      async *read(range) {
        yield* readRange(reader, await chunksOf(reader, record), range);
      },
      async compare(path) {
        return writes.compare(path, await chunksOf(reader, record), size);
      },
      async writeTo(to, attributes, options) {
        const refs = 'chunks' in record ? record.chunks : await chunksOf(reader, record);
        return writes.write({ path: to, refs, size, sparse: sparse ?? false, attributes }, options?.like);
      },
    },
  };
}

/** The chunk list of a file; one that is long is itself kept in chunks. */
export async function chunksOf(reader: ChunkReader, record: FileRecord): Promise<Uint8Array> {
  if ('chunks' in record) return record.chunks;
  const refs = await readWhole(reader, record.lists);
  if (totalLength(refs) === record.size) return refs;
  return fail({
    code: 'OBJECT_DAMAGED',
    message: `the chunk list of ${JSON.stringify(Buffer.from(record.path).toString('utf8'))} is not one of ${record.size} bytes`,
    origin: 'repository',
    permanent: true,
  });
}

/** The plaintext of a range of what `refs` (n × 36 bytes) name; only the chunks that it touches are read. */
export async function* readRange(
  reader: ChunkReader,
  refs: Uint8Array,
  range: { readonly offset: number; readonly length?: number } | undefined,
): AsyncGenerator<Uint8Array> {
  const view = new DataView(refs.buffer, refs.byteOffset, refs.byteLength);
  const start = range?.offset ?? 0;
  const end = start + (range?.length ?? Number.POSITIVE_INFINITY);
  let [from, to, skipped, offset] = [0, 0, 0, 0];
  for (; to < refs.length && offset < end; to += REF_BYTES) {
    offset += view.getUint32(to + 32, true);
    if (offset > start) continue;
    from = to + REF_BYTES;
    skipped = offset;
  }
  yield* slice(readChunks(reader, refs.subarray(from, to)), range && { ...range, offset: start - skipped });
}

/** A range of a byte stream, without reading on past its end. */
export async function* slice(
  bytes: AsyncIterable<Uint8Array>,
  range: { readonly offset: number; readonly length?: number } | undefined,
): AsyncGenerator<Uint8Array> {
  let skip = range?.offset ?? 0;
  let left = range?.length ?? Number.POSITIVE_INFINITY;
  for await (const part of bytes) {
    if (left <= 0) return;
    const from = Math.min(skip, part.length);
    skip -= from;
    const taken = part.subarray(from, Math.min(part.length, from + left));
    left -= taken.length;
    if (taken.length > 0) yield taken;
  }
}

function nameOf(path: Uint8Array): string {
  return Buffer.from(path.buffer, path.byteOffset, path.length).toString('latin1');
}
