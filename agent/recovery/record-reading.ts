import { type Failure, fail } from '../contract/index.ts';
import type { ArtifactBody, PageRef } from '../repository/snapshot.ts';
import { compareTreeOrder, recordsOf, type TreeRecord } from '../repository/tree.ts';
import { type ChunkReader, partsOf, readWhole } from './chunk-reading.ts';
import { REF_BYTES } from './frame-source.ts';
import { choosePages, pageOf, type Sought } from './page-choice.ts';

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
  const parts = partsOf(reader, refsOf(chosen.map((number) => pages[number] as PageRef)));
  let asked = 0;
  // One part ahead of the consumer.
  const ask = () => {
    const { value: refs } = parts.next();
    if (refs === undefined) return undefined;
    const numbers = chosen.slice(asked, asked + refs.length / REF_BYTES);
    asked += numbers.length;
    const plain = readPages(
      reader,
      numbers.map((number) => pages[number] as PageRef),
    );
    plain.catch(() => {});
    return { numbers, plain };
  };
  let last: TreeRecord | undefined;
  for (let part = ask(), next = ask(); part !== undefined; part = next, next = ask()) {
    const plain = await part.plain;
    for (const [i, number] of part.numbers.entries()) {
      for (const record of inPlace(pages, number, plain[i] as Uint8Array, last)) {
        yield record;
        last = record;
      }
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
  let found: TreeRecord | undefined;
  for (const record of inPlace(pages, number, bytes as Uint8Array)) {
    if (compareTreeOrder(record.path, path) === 0) found = record;
  }
  return found;
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
 * The records of one page, one after the other: a page may hold more than fit in memory at once. It must begin where the snapshot
 * says that it does, and end before the next: what is not read because of that would else be lost without a word.
 */
function* inPlace(
  pages: readonly PageRef[],
  number: number,
  bytes: Uint8Array,
  after?: TreeRecord,
): Generator<TreeRecord> {
  const next = pages[number + 1]?.first;
  let first = true;
  for (const record of recordsOf(bytes, after)) {
    if (first && compareTreeOrder(record.path, (pages[number] as PageRef).first) !== 0) fail(OUT_OF_PLACE);
    if (next !== undefined && compareTreeOrder(record.path, next) >= 0) fail(OUT_OF_PLACE);
    first = false;
    yield record;
  }
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
