import type { ArtifactBody } from '../repository/snapshot.ts';
import type { TreeRecord } from '../repository/tree.ts';
import { isWithin, levelsOf, type Sought } from './page-choice.ts';
import { readRecords } from './record-reading.ts';
import type { Selection } from './selection.ts';
import type { ReadableSnapshot } from './unlocked-domains.ts';

/** What a snapshot holds: a stream, or an entry of a tree. `part`: the artifact it is in. Sizes in bytes. */
export type Listed =
  | { readonly part: string; readonly stream: Pick<ArtifactBody, 'size'> }
  | { readonly part: string; readonly record: TreeRecord };

/**
 * What is selected of a snapshot, part by part, each in tree order; with `depth`, so many levels below the paths that are selected,
 * or below the top. Only pages that can hold any of it are read.
 */
export async function* listSnapshot(
  { body, domain }: ReadableSnapshot,
  selection: Selection,
  depth?: number,
): AsyncGenerator<Listed> {
  const sought = { places: selection.places, ...(depth === undefined ? {} : { depth }) };
  for (const artifact of body.artifacts) {
    const part = artifact.name;
    if (artifact.kind === 'bytes') {
      if (selection.hasStream(part)) yield { part, stream: artifact };
      continue;
    }
    for await (const record of readRecords(domain, artifact, sought))
      if (selection.has(record) && isShallow(record.path, sought)) yield { part, record };
  }
}

function isShallow(path: Uint8Array, { places, depth }: Sought): boolean {
  if (depth === undefined) return true;
  return places.some((place) => isWithin(path, place) && levelsOf(path) <= levelsOf(place) + depth);
}
