import type { Bytes, Range, StoredEntry } from '../contract/index.ts';
import { damaged } from '../repository/damage.ts';
import type { ArtifactBody } from '../repository/snapshot.ts';
import { type TreeRecord, totalLength } from '../repository/tree.ts';
import { type ChunkReader, readChunks } from './chunk-reading.ts';
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
  let heavy = 0;
  for await (const record of readRecords(reader, artifact, sought)) {
    heavy += heavinessOf(record);
    if (heavy > HEAVY_IN_ALL) tooHeavy();
    while (above.length > 0 && !isWithin(record.path, (above.at(-1) as TreeRecord).path)) above.pop();
    if (!selection.has(record)) {
      if (record.kind === 'directory') above.push(record);
      continue;
    }
    for (const folder of above.splice(0)) yield entryOf(reader, writes, folder);
    yield entryOf(reader, writes, await names.resolve(record));
  }
}

/** An entry of more, with all its attributes, is no common one; those of a tree may add up to so much. Bytes. */
const HEAVY_ENTRY = 1024 * 1024;
const HEAVY_IN_ALL = 128 * HEAVY_ENTRY;

/**
 * Whoever restores a tree holds some of its entries to the end: folders, links. Attributes of 16 MiB compress to nothing, so
 * that a few kilobytes of a repository could fill any memory.
 */
function heavinessOf({ path, meta: { xattrs = {} } }: TreeRecord): number {
  let bytes = path.length;
  for (const name in xattrs) bytes += xattrs[name]?.length ?? 0;
  return bytes > HEAVY_ENTRY ? bytes : 0;
}

function tooHeavy(): never {
  damaged(
    'OBJECT_DAMAGED',
    `A tree has more than ${HEAVY_IN_ALL / 2 ** 20} MiB of paths and attributes that are larger than any are.`,
  );
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
      read: (range) => readContent(reader, record, range),
      async compare(standing) {
        const refs = await wholeList(reader, record);
        return refs === undefined ? { kind: 'different', bytes: size } : writes.compare(standing, refs, size);
      },
      async writeTo(to, attributes, options) {
        const file = { path: to, size, sparse: sparse ?? false, attributes };
        const refs = options?.like === undefined ? undefined : await wholeList(reader, record);
        if (refs !== undefined) return writes.write({ ...file, refs }, options?.like);
        return writes.write({ ...file, refs: 'chunks' in record ? record.chunks : chunksOf(reader, record) });
      },
    },
  };
}

/** The content of a file, or a range of it; only the chunks that it touches are read. */
export async function* readContent(reader: ChunkReader, record: FileRecord, range?: Range): Bytes {
  let begins = 0;
  const start = range?.offset ?? 0;
  const end = start + (range?.length ?? Number.POSITIVE_INFINITY);
  for await (const refs of chunksOf(reader, record)) {
    const ends = begins + totalLength(refs);
    const offset = Math.max(0, start - begins);
    if (begins >= end) return;
    if (ends > start) yield* readRange(reader, refs, { offset, length: end - begins - offset });
    begins = ends;
  }
}

/**
 * The chunk list of a file, part by part: one that is long is itself kept in chunks, and may be far longer than what it is kept
 * in. OBJECT_DAMAGED where it does not add up to the size of the file.
 */
export async function* chunksOf(reader: ChunkReader, record: FileRecord): AsyncGenerator<Uint8Array> {
  if ('chunks' in record) {
    yield record.chunks;
    return;
  }
  let left = record.size;
  let rest: Uint8Array = new Uint8Array();
  for await (const part of readChunks(reader, record.lists)) {
    const bytes = rest.length === 0 ? part : Buffer.concat([rest, part]);
    const end = bytes.length - (bytes.length % REF_BYTES);
    const refs = bytes.subarray(0, end);
    const total = totalLength(refs);
    if (total < 0 || total > left) wrongList(record);
    left -= total;
    if (end > 0) yield refs;
    rest = bytes.subarray(end);
  }
  if (left > 0 || rest.length > 0) wrongList(record);
}

/** A list that is longer is not held at once; bytes. At 1 MiB a chunk, it is that of a file of 1.8 TiB. */
const WHOLE_LIST = 64 * 1024 * 1024;

/** The chunk list of a file in one piece; undefined for one that is too long to be held. */
async function wholeList(reader: ChunkReader, record: FileRecord): Promise<Uint8Array | undefined> {
  if ('chunks' in record) return record.chunks;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of chunksOf(reader, record)) {
    bytes += part.length;
    if (bytes > WHOLE_LIST) return undefined;
    parts.push(part.slice());
  }
  return Buffer.concat(parts);
}

function wrongList({ path }: FileRecord): never {
  const name = JSON.stringify(Buffer.from(path).toString('utf8'));
  damaged('OBJECT_DAMAGED', `The chunk list of ${name} is damaged: it does not add up to the size of the file.`);
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
