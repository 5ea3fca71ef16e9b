import type { ArtifactBody, PageRef } from '../repository/snapshot.ts';
import { compareTreeOrder, type TreeRecord } from '../repository/tree.ts';
import type { ChunkReader } from './chunk-reading.ts';
import type { ContentComparison } from './content-comparison.ts';
import { type EntryDifference, entryDifference } from './entry-difference.ts';
import { choosePages } from './page-choice.ts';
import { lookUp, readRecordsOf } from './record-reading.ts';
import type { Selection } from './selection.ts';

/** One side of a comparison. A tree that is not there has no pages. */
export interface TreeSide {
  readonly reader: ChunkReader;
  readonly artifact: ArtifactBody;
}

/** An entry that is only in one of two trees, or in both and not the same. `unknown`: the later one skipped it, or a folder above it. */
export type EntryChange =
  | { readonly change: 'added'; readonly after: TreeRecord }
  | { readonly change: 'removed'; readonly before: TreeRecord }
  | { readonly change: 'unknown'; readonly before: TreeRecord }
  | {
      readonly change: 'changed';
      readonly before: TreeRecord;
      readonly after: TreeRecord;
      readonly difference: EntryDifference;
    };

/**
 * What is other in one tree than in another, in tree order. A page that both have, which its id says, has the same entries in
 * both: it is left out on either side, and never read.
 */
export async function* compareTrees(
  before: TreeSide,
  after: TreeSide,
  selection: Selection,
  content: ContentComparison,
): AsyncGenerator<EntryChange> {
  const [was, is] = [sideOf(before, after, selection, content), sideOf(after, before, selection, content)];
  const find = {
    before: (path: Uint8Array) => lookUp(before.reader, before.artifact, path),
    after: (path: Uint8Array) => lookUp(after.reader, after.artifact, path),
  };
  try {
    let [a, b] = await Promise.all([was.next(), is.next()]);
    while (!a.done || !b.done) {
      const order = a.done ? 1 : b.done ? -1 : compareTreeOrder(a.value.path, b.value.path);
      const change = await changeOf(order <= 0 ? a.value : undefined, order >= 0 ? b.value : undefined, content, find);
      if (change !== undefined) yield change;
      [a, b] = await Promise.all([order <= 0 ? was.next() : a, order >= 0 ? is.next() : b]);
    }
  } finally {
    await Promise.all([was.return(undefined), is.return(undefined)]);
  }
}

async function changeOf(
  before: TreeRecord | undefined,
  after: TreeRecord | undefined,
  content: ContentComparison,
  find: Parameters<typeof entryDifference>[3],
): Promise<EntryChange | undefined> {
  if (before === undefined) return after && { change: 'added', after };
  if (after === undefined) return { change: 'removed', before };
  const difference = await entryDifference(before, after, content, find);
  if (difference.aspects.length === 0 && !difference.contentUnknown) return undefined;
  return { change: 'changed', before, after, difference };
}

/** The selected records of one side in the pages that the other does not have. */
async function* sideOf(
  { reader, artifact: { pages } }: TreeSide,
  other: TreeSide,
  selection: Selection,
  { sharesIds }: ContentComparison,
): AsyncGenerator<TreeRecord, undefined> {
  const common = new Set(sharesIds ? other.artifact.pages.map(nameOf) : []);
  const chosen = choosePages(pages, selection).filter((number) => !common.has(nameOf(pages[number] as PageRef)));
  for await (const record of readRecordsOf(reader, pages, chosen)) if (selection.has(record)) yield record;
  return undefined;
}

/** With where it begins: one that a snapshot says to be elsewhere is to be refused, and for that to be read. */
function nameOf({ id, length, first }: PageRef): string {
  return `${Buffer.from(id).toString('latin1')} ${length} ${Buffer.from(first).toString('latin1')}`;
}
