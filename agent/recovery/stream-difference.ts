import type { ContentComparison, Sameness } from './content-comparison.ts';
import { readChunkList, readStream } from './stream-reading.ts';
import type { TreeSide } from './tree-difference.ts';

/**
 * Whether two streams have the same bytes. Pages of their chunk lists that have one id are skipped. Lists that are cut into other
 * pages can still say the same: the first page that differs is where reading begins.
 */
export async function compareStreams(before: TreeSide, after: TreeSide, content: ContentComparison): Promise<Sameness> {
  const { size } = before.artifact;
  if (size !== after.artifact.size) return 'other';
  if (content.sharesIds && (await haveSameChunks(before, after))) return 'same';
  return content.streams(size, async () => [
    readStream(before.reader, before.artifact),
    readStream(after.reader, after.artifact),
  ]);
}

async function haveSameChunks(before: TreeSide, after: TreeSide): Promise<boolean> {
  const [was, is] = [before.artifact.pages, after.artifact.pages];
  const from = was.findIndex(({ id }, at) => is[at] === undefined || Buffer.compare(id, is[at].id) !== 0);
  if (from < 0) return was.length === is.length;
  const [one, other] = [chunksFrom(before, from), chunksFrom(after, from)];
  let [a, b] = [new Uint8Array(), new Uint8Array()] as [Uint8Array, Uint8Array];
  for (;;) {
    if (a.length === 0) a = (await one.next()).value ?? a;
    if (b.length === 0) b = (await other.next()).value ?? b;
    const length = Math.min(a.length, b.length);
    if (length === 0) return a.length === b.length;
    if (Buffer.compare(a.subarray(0, length), b.subarray(0, length)) !== 0) return false;
    a = a.subarray(length);
    b = b.subarray(length);
  }
}

async function* chunksFrom({ reader, artifact }: TreeSide, page: number): AsyncGenerator<Uint8Array, undefined> {
  for (let at = page; at < artifact.pages.length; at++) yield await readChunkList(reader, artifact, at);
  return undefined;
}
