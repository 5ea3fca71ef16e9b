import { fail, type StoredEntry } from '../contract/index.ts';
import type { ArtifactBody } from '../repository/snapshot.ts';
import { decodePage, type TreeRecord, totalLength } from '../repository/tree.ts';
import { type ChunkReader, readChunks, readWhole } from './chunk-reading.ts';
import type { FileWrites } from './file-writes.ts';
import { REF_BYTES } from './frame-source.ts';
import type { Selection } from './selection.ts';

/** Pages asked for at a time: about 4 MiB. */
const PAGES = 16;

type FileRecord = Extract<TreeRecord, { kind: 'file' }>;

/** The records of a tree artifact, in tree order. */
export async function* readRecords(reader: ChunkReader, artifact: ArtifactBody): AsyncGenerator<TreeRecord> {
  let last: TreeRecord | undefined;
  const ask = (at: number) => readWhole(reader, refsOf(artifact.pages.slice(at, at + PAGES)));
  let next = artifact.pages.length > 0 ? ask(0) : undefined;
  for (let at = 0; at < artifact.pages.length; at += PAGES) {
    const bytes = await (next as Promise<Uint8Array>);
    next = at + PAGES < artifact.pages.length ? ask(at + PAGES) : undefined;
    next?.catch(() => {});
    let offset = 0;
    for (const { length, first } of artifact.pages.slice(at, at + PAGES)) {
      const records = decodePage(bytes.subarray(offset, offset + length), last);
      if (Buffer.compare((records[0] as TreeRecord).path, first) !== 0) outOfPlace(artifact.name);
      offset += length;
      yield* records;
      last = records.at(-1) ?? last;
    }
  }
}

/** Whoever looks for an entry takes the page that its path falls in: a page that starts elsewhere would hide what is in it. */
function outOfPlace(artifact: string): never {
  fail({
    code: 'OBJECT_DAMAGED',
    message: `a page of ${artifact} does not begin with the entry that its snapshot says`,
    origin: 'repository',
    permanent: true,
  });
}

/**
 * The entries of a tree that are selected, with the folders above them, ready to be restored. A selected name of a file
 * whose first name is not selected becomes that file.
 */
export async function* readTree(
  reader: ChunkReader,
  writes: FileWrites,
  artifact: ArtifactBody,
  selection: Selection,
): AsyncGenerator<StoredEntry> {
  const orphans = selection.all ? new Map<string, string>() : await linksWithoutFile(reader, artifact, selection);
  const contents = new Map<string, FileRecord>();
  const above: TreeRecord[] = [];
  for await (const record of readRecords(reader, artifact)) {
    while (above.length > 0 && !isBelow(record.path, (above.at(-1) as TreeRecord).path)) above.pop();
    if (record.kind === 'file' && orphans.has(nameOf(record.path))) contents.set(nameOf(record.path), record);
    if (!selection.has(record)) {
      if (record.kind === 'directory') above.push(record);
      continue;
    }
    for (const folder of above.splice(0)) yield entryOf(reader, writes, folder);
    yield entryOf(reader, writes, linkedContent(record, orphans, contents));
  }
}

/** For each file that is not selected but has selected names: the first of those, which will carry the content. */
async function linksWithoutFile(
  reader: ChunkReader,
  artifact: ArtifactBody,
  selection: Selection,
): Promise<Map<string, string>> {
  const chosen = new Set<string>();
  const orphans = new Map<string, string>();
  for await (const record of readRecords(reader, artifact)) {
    if (record.kind === 'file' && selection.has(record)) chosen.add(nameOf(record.path));
    if (record.kind !== 'hardlink' || !selection.has(record)) continue;
    const target = nameOf(record.target);
    if (!chosen.has(target) && !orphans.has(target)) orphans.set(target, nameOf(record.path));
  }
  return orphans;
}

function linkedContent(
  record: TreeRecord,
  orphans: ReadonlyMap<string, string>,
  contents: ReadonlyMap<string, FileRecord>,
): TreeRecord {
  if (record.kind !== 'hardlink') return record;
  const first = orphans.get(nameOf(record.target));
  if (first === undefined) return record;
  const path = Buffer.from(first, 'latin1');
  if (first !== nameOf(record.path)) return { ...record, target: path };
  const content = contents.get(nameOf(record.target));
  return content === undefined ? record : { ...content, path: record.path, meta: record.meta };
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
      async writeTo(to, attributes) {
        const refs = 'chunks' in record ? record.chunks : await chunksOf(reader, record);
        return writes.write({ path: to, refs, size, sparse: sparse ?? false, attributes });
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

export function refsOf(pages: ArtifactBody['pages']): Uint8Array {
  const refs = new Uint8Array(pages.length * REF_BYTES);
  const view = new DataView(refs.buffer);
  pages.forEach(({ id, length }, i) => {
    refs.set(id, i * REF_BYTES);
    view.setUint32(i * REF_BYTES + 32, length, true);
  });
  return refs;
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

function isBelow(path: Uint8Array, folder: Uint8Array): boolean {
  if (folder.length === 0) return true;
  return (
    path.length > folder.length &&
    path[folder.length] === 0x2f &&
    Buffer.compare(path.subarray(0, folder.length), folder) === 0
  );
}

function nameOf(path: Uint8Array): string {
  return Buffer.from(path.buffer, path.byteOffset, path.length).toString('latin1');
}
