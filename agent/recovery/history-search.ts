import { type Failure, failureOf } from '../contract/index.ts';
import type { ArtifactBody } from '../repository/snapshot.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';
import { ContentComparison } from './content-comparison.ts';
import { PagePool } from './page-pool.ts';
import { PathHistories } from './path-histories.ts';
import { type Step, stepsOf } from './path-history.ts';
import type { Selection } from './selection.ts';
import { SkippedPaths } from './skipped-paths.ts';
import { compareStreams } from './stream-difference.ts';
import { artifactOf, type ReadableSnapshot, type UnlockedDomains } from './unlocked-domains.ts';

/** What became of a path, or of a stream, which has none, in the snapshots of one source of one host. */
export interface History {
  readonly part: string;
  readonly path?: Uint8Array;
  readonly steps: readonly Step[];
}

/** Snapshots of one source by one host, oldest first. */
export interface Line {
  readonly source: string;
  readonly host: string;
  readonly snapshots: readonly StoredSnapshot[];
}

/** By source and writer, in the order of their first snapshots. */
export function linesOf(snapshots: readonly StoredSnapshot[]): Line[] {
  const groups = Map.groupBy(snapshots, ({ opened: { header } }) => `${header.writer} ${header.source}`);
  return Array.from(groups.values(), (group) => {
    const { source, host } = (group.at(-1) as StoredSnapshot).opened.header;
    return { source, host, snapshots: group };
  });
}

/** Snapshots that are not looked into, and why. */
export interface Unread {
  readonly snapshots: readonly StoredSnapshot[];
  readonly failure: Failure;
}

/** Opens what opens of a line; of the others it is said why. */
export async function openLine(
  domains: UnlockedDomains,
  { snapshots }: Line,
  onUnread: (unread: Unread) => void,
): Promise<ReadableSnapshot[]> {
  const pool = new PagePool();
  const opened: ReadableSnapshot[] = [];
  for (const snapshot of snapshots) {
    try {
      const { body, domain } = await domains.open(snapshot);
      opened.push({ snapshot, body: pool.share(body), domain });
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      if (failure.origin !== 'key' && failure.origin !== 'repository' && failure.code !== 'OBJECT_MISSING') throw error;
      onUnread({ snapshots: [snapshot], failure });
    }
  }
  return opened;
}

/** All histories of what is selected: the parts in the order in which they came, the paths of each in tree order. */
export async function* searchHistory(
  snapshots: readonly ReadableSnapshot[],
  selection: Selection,
  onUnread: (unread: Unread) => void,
): AsyncGenerator<History> {
  const parts = new Map(
    snapshots.flatMap(({ body }) => body.artifacts.map((artifact) => [`${artifact.kind} ${artifact.name}`, artifact])),
  );
  const skipped = snapshots.map((snapshot) => new SkippedPaths(snapshot));
  for (const artifact of parts.values()) {
    const part = artifact.name;
    if (artifact.kind === 'bytes') {
      if (selection.hasStream(part)) yield { part, steps: await streamSteps(snapshots, skipped, artifact) };
      continue;
    }
    const versions = snapshots.map((snapshot) => ({
      domain: snapshot.domain,
      pages: artifactOf(snapshot, artifact)?.pages ?? [],
    }));
    const histories = new PathHistories(versions, selection, (damaged, failure) =>
      onUnread({ snapshots: damaged.map((at) => (snapshots[at] as ReadableSnapshot).snapshot), failure }),
    );
    for await (const { path, found } of histories) {
      const known = found.map((here, at) => (here === 'absent' && skipped[at]?.has(path) ? 'skipped' : here));
      yield { part, path, steps: await stepsOf(snapshots, known, part) };
    }
  }
}

async function streamSteps(
  snapshots: readonly ReadableSnapshot[],
  skipped: readonly SkippedPaths[],
  stream: Pick<ArtifactBody, 'name' | 'kind'>,
): Promise<Step[]> {
  const steps: Step[] = [];
  let last: { readonly artifact: ArtifactBody; readonly snapshot: ReadableSnapshot } | undefined;
  for (const [at, snapshot] of snapshots.entries()) {
    const artifact = artifactOf(snapshot, stream);
    const step = steps.at(-1);
    if (artifact === undefined) {
      const state = skipped[at]?.hasStream(stream.name) ? 'skipped' : 'absent';
      if (step?.state === state) step.snapshots.push(snapshot);
      else if (step !== undefined || state === 'skipped') steps.push({ state, snapshots: [snapshot] });
      continue;
    }
    const sameness = last === undefined ? undefined : await compare(last, { artifact, snapshot });
    last = { artifact, snapshot };
    if (step?.state === 'there' && sameness === 'same') step.snapshots.push(snapshot);
    else {
      const difference = sameness !== undefined && sameness !== 'same' && differs(sameness === 'unknown');
      const entry = { kind: 'stream', size: artifact.size } as const;
      steps.push({ state: 'there', entry, ...(difference && { difference }), snapshots: [snapshot] });
    }
  }
  return steps;
}

function differs(contentUnknown: boolean) {
  return { aspects: contentUnknown ? [] : (['content'] as const), contentUnknown };
}

function compare(
  was: { readonly artifact: ArtifactBody; readonly snapshot: ReadableSnapshot },
  is: { readonly artifact: ArtifactBody; readonly snapshot: ReadableSnapshot },
) {
  const content = new ContentComparison(was.snapshot, is.snapshot, false);
  const side = ({ artifact, snapshot }: typeof was) => ({ reader: snapshot.domain, artifact });
  return compareStreams(side(was), side(is), content);
}
