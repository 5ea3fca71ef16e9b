import { type Bytes, fail, type Range } from '../contract/index.ts';
import type { ArtifactBody, PageRef } from '../repository/snapshot.ts';
import { totalLength } from '../repository/tree.ts';
import { type ChunkReader, readWhole } from './chunk-reading.ts';
import { refsOf } from './record-reading.ts';
import { readRange } from './tree-reading.ts';

/** The bytes of a stream artifact, or of a range of it; pages of its chunk list that the range does not touch are not read. */
export async function* readStream(reader: ChunkReader, artifact: ArtifactBody, range?: Range): Bytes {
  const { pages, size } = artifact;
  const start = range?.offset ?? 0;
  const end = Math.min(size, start + (range?.length ?? Number.POSITIVE_INFINITY));
  for (const [i, page] of pages.entries()) {
    const next = pages[i + 1];
    const begins = offsetOf(page);
    if (begins >= end || (next !== undefined && offsetOf(next) <= start)) continue;
    const refs = await readChunkList(reader, artifact, i);
    const offset = Math.max(0, start - begins);
    yield* readRange(reader, refs, { offset, length: end - begins - offset });
  }
}

/** What one page of a stream's chunk list refers to. It must reach from where the snapshot says to where the next page begins. */
export async function readChunkList(
  reader: ChunkReader,
  { name, pages, size }: ArtifactBody,
  number: number,
): Promise<Uint8Array> {
  const [page, next] = [pages[number] as PageRef, pages[number + 1]];
  const refs = await readWhole(reader, refsOf([page]));
  if (totalLength(refs) !== (next === undefined ? size : offsetOf(next)) - offsetOf(page)) outOfPlace(name);
  return refs;
}

/** Where in the stream the first byte of a page of its chunk list lies. */
function offsetOf({ first }: PageRef): number {
  return Number(new DataView(first.buffer, first.byteOffset, first.byteLength).getBigUint64(0));
}

function outOfPlace(name: string): never {
  return fail({
    code: 'OBJECT_DAMAGED',
    message: `a page of ${name} holds another part of it than its snapshot says`,
    origin: 'repository',
    permanent: true,
  });
}
