import { type Failure, fail } from '../contract/index.ts';
import type { ArtifactBody, PageRef } from '../repository/snapshot.ts';
import { compareTreeOrder, decodePage, type TreeRecord } from '../repository/tree.ts';
import { type ChunkReader, readWhole } from './chunk-reading.ts';
import { REF_BYTES } from './frame-source.ts';
import { choosePages, pageOf, type Sought } from './page-choice.ts';

/** Pages asked for at a time: about 4 MiB. */
const PAGES = 16;

/** The records of a tree artifact, in tree order; with `sought`, those of the pages that can hold it. */
export function readRecords(reader: ChunkReader, { pages }: ArtifactBody, sought?: Sought): AsyncGenerator<TreeRecord> {
  return readRecordsOf(reader, pages, sought === undefined ? pages.map((_, at) => at) : choosePages(pages, sought));
}

/** The records of the pages with these numbers, which ascend. */
export async function* readRecordsOf(
  reader: ChunkReader,
  pages: readonly PageRef[],
  chosen: readonly number[],
): AsyncGenerator<TreeRecord> {
  const ask = (at: number) =>
    readPages(
      reader,
      chosen.slice(at, at + PAGES).map((number) => pages[number] as PageRef),
    );
  let last: TreeRecord | undefined;
  let next = chosen.length > 0 ? ask(0) : undefined;
  for (let at = 0; at < chosen.length; at += PAGES) {
    const plain = await (next as Promise<Uint8Array[]>);
    next = at + PAGES < chosen.length ? ask(at + PAGES) : undefined;
    next?.catch(() => {});
    for (const [i, bytes] of plain.entries()) {
      const records = recordsOf(pages, chosen[at + i] as number, bytes, last);
      yield* records;
      last = records.at(-1);
    }
  }
}

/** The record at `path`, read from the one page that can hold it. */
export async function lookUp(
  reader: ChunkReader,
  { pages }: ArtifactBody,
  path: Uint8Array,
): Promise<TreeRecord | undefined> {
  const number = pageOf(pages, path);
  const page = pages[number];
  if (page === undefined) return undefined;
  const [bytes] = await readPages(reader, [page]);
  return recordsOf(pages, number, bytes as Uint8Array).find((record) => compareTreeOrder(record.path, path) === 0);
}

/** The plaintext of pages, from the cache of the reader where they are there. */
export async function readPages(reader: ChunkReader, pages: readonly PageRef[]): Promise<Uint8Array[]> {
  const plain = pages.map(({ id, length }) => {
    const known = reader.pages.get(id);
    // One that its snapshot says to be of another length is to be refused by whoever reads it.
    return known?.length === length ? known : undefined;
  });
  const missing = pages.filter((_, at) => plain[at] === undefined);
  if (missing.length === 0) return plain as Uint8Array[];
  const bytes = await readWhole(reader, refsOf(missing));
  let offset = 0;
  return pages.map(({ id, length }, at) => {
    const known = plain[at];
    if (known !== undefined) return known;
    const page = bytes.subarray(offset, offset + length);
    offset += length;
    reader.pages.keep(id, page);
    return page;
  });
}

/**
 * The records of one page. It must begin where the snapshot says that it does, and end before the next: what is not read because of
 * that would else be lost without a word.
 */
export function recordsOf(
  pages: readonly PageRef[],
  number: number,
  bytes: Uint8Array,
  after?: TreeRecord,
): TreeRecord[] {
  const records = decodePage(bytes, after);
  return isInPlace(pages, number, records) ? records : fail(OUT_OF_PLACE);
}

export function isInPlace(pages: readonly PageRef[], number: number, records: readonly TreeRecord[]): boolean {
  const [first, last] = [records[0], records.at(-1)];
  const next = pages[number + 1];
  const begins = first !== undefined && compareTreeOrder(first.path, (pages[number] as PageRef).first) === 0;
  const ends = next === undefined || (last !== undefined && compareTreeOrder(last.path, next.first) < 0);
  return begins && ends;
}

export const OUT_OF_PLACE: Failure = {
  code: 'OBJECT_DAMAGED',
  message: 'a page of a tree does not hold the paths that its snapshot says',
  origin: 'repository',
  permanent: true,
};

export function refsOf(pages: readonly PageRef[]): Uint8Array {
  const refs = new Uint8Array(pages.length * REF_BYTES);
  const view = new DataView(refs.buffer);
  pages.forEach(({ id, length }, i) => {
    refs.set(id, i * REF_BYTES);
    view.setUint32(i * REF_BYTES + 32, length, true);
  });
  return refs;
}
