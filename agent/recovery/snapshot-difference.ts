import type { ArtifactBody } from '../repository/snapshot.ts';
import type { ContentComparison, Sameness } from './content-comparison.ts';
import { lookUp } from './record-reading.ts';
import type { Selection } from './selection.ts';
import { SkippedPaths } from './skipped-paths.ts';
import { compareStreams } from './stream-difference.ts';
import { compareTrees, type EntryChange, type TreeSide } from './tree-difference.ts';
import { artifactOf, type ReadableSnapshot } from './unlocked-domains.ts';

/** A stream that is only in one of two snapshots, or in both and not the same. `unknown`: the later one skipped it. Sizes in bytes. */
export type StreamChange =
  | { readonly change: 'added'; readonly sizeAfter: number }
  | { readonly change: 'removed'; readonly sizeBefore: number }
  | { readonly change: 'unknown'; readonly sizeBefore: number }
  | {
      readonly change: 'changed';
      readonly sizeBefore: number;
      readonly sizeAfter: number;
      readonly content: Exclude<Sameness, 'same'>;
    };

/** `part`: the artifact it is in. */
export type SnapshotChange =
  | { readonly part: string; readonly stream: StreamChange }
  | { readonly part: string; readonly entry: EntryChange };

/** What is other in `after` than in `before`, part by part, each in tree order. What both have the same is not read. */
export async function* compareSnapshots(
  before: ReadableSnapshot,
  after: ReadableSnapshot,
  selection: Selection,
  content: ContentComparison,
): AsyncGenerator<SnapshotChange> {
  const skipped = new SkippedPaths(after);
  for (const { was, is } of partsOf(before, after)) {
    const { name: part, kind } = is.artifact;
    if (kind === 'tree') {
      for await (const entry of compareTrees(was, is, selection, content)) {
        const unknown = entry.change === 'removed' && skipped.has(entry.before.path);
        yield { part, entry: unknown ? { change: 'unknown', before: entry.before } : entry };
      }
    } else if (selection.hasStream(part)) {
      const stream = await streamChange(artifactOf(before, is.artifact), artifactOf(after, is.artifact), () =>
        compareStreams(was, is, content),
      );
      if (stream === undefined) continue;
      const unknown = stream.change === 'removed' && skipped.hasStream(part);
      yield { part, stream: unknown ? { change: 'unknown', sizeBefore: stream.sizeBefore } : stream };
    }
  }
}

/**
 * Of the patterns that selected nothing that changed, those that name a path which neither snapshot has. Of names and patterns it
 * cannot be known without reading all.
 */
export async function mistyped(
  before: ReadableSnapshot,
  after: ReadableSnapshot,
  selection: Selection,
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const { pattern, place } of selection.idleRules) {
    if (place.length === 0) continue;
    const found = await Promise.all(
      partsOf(before, after)
        .flatMap(({ was, is }) => [was, is])
        .filter(({ artifact }) => artifact.kind === 'tree')
        .map(({ reader, artifact }) => lookUp(reader, artifact, place)),
    );
    if (found.every((record) => record === undefined)) missing.push(pattern);
  }
  return missing;
}

/** Every artifact of either, in the order of the later; one that is not there is empty. */
function partsOf(before: ReadableSnapshot, after: ReadableSnapshot): { was: TreeSide; is: TreeSide }[] {
  const gone = before.body.artifacts.filter((artifact) => artifactOf(after, artifact) === undefined);
  return [...after.body.artifacts, ...gone].map((artifact) => ({
    was: { reader: before.domain, artifact: artifactOf(before, artifact) ?? empty(artifact) },
    is: { reader: after.domain, artifact: artifactOf(after, artifact) ?? empty(artifact) },
  }));
}

function empty(artifact: ArtifactBody): ArtifactBody {
  return { ...artifact, size: 0, pages: [] };
}

async function streamChange(
  before: ArtifactBody | undefined,
  after: ArtifactBody | undefined,
  compare: () => Promise<Sameness>,
): Promise<StreamChange | undefined> {
  if (before === undefined) return after && { change: 'added', sizeAfter: after.size };
  if (after === undefined) return { change: 'removed', sizeBefore: before.size };
  const content = await compare();
  return content === 'same'
    ? undefined
    : { change: 'changed', sizeBefore: before.size, sizeAfter: after.size, content };
}
