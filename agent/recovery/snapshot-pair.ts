import { fail } from '../contract/index.ts';
import { chooseSnapshot, type SnapshotListing, type StoredSnapshot } from '../repository/snapshots.ts';
import type { Writers } from '../repository/writers.ts';

/** The word for the snapshot before the other one of a pair. */
export const PREVIOUS = 'previous';

/** A day or a time as people and ISO 8601 write them; less would take names of folders for times. */
const TIME = /^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?\s?(Z|[+-]\d\d:?\d\d)?)?$/;

/** Whether a word can name a snapshot: `latest`, `previous`, an id or a time. */
export function isPoint(word: string): boolean {
  return word === 'latest' || word === PREVIOUS || /^[0-9a-f]{4,64}$/.test(word) || TIME.test(word);
}

/**
 * The two snapshots of a source that are to be compared. `previous` is the one before `to`: of the same job of the same host, and
 * where that has none, of another job of that host. `SNAPSHOT_UNKNOWN` when there is none.
 */
export function choosePair(
  listing: SnapshotListing,
  o: {
    readonly source: string;
    readonly from: string;
    readonly to: string;
    readonly writers: Writers;
    readonly writer: string | undefined;
  },
): { readonly before: StoredSnapshot; readonly after: StoredSnapshot } {
  const choose = (point: string) => chooseSnapshot(listing, o.writers, o.source, point, o.writer);
  const after = choose(o.to);
  if (o.from !== PREVIOUS) return { before: choose(o.from), after };
  const { writer, job, host } = after.opened.header;
  const earlier = listing.snapshots
    .slice(0, listing.snapshots.indexOf(after))
    .filter(({ opened }) => opened.header.source === o.source && opened.header.writer === writer);
  const before = earlier.findLast(({ opened }) => opened.header.job === job) ?? earlier.at(-1);
  if (before !== undefined) return { before, after };
  return fail({
    code: 'SNAPSHOT_UNKNOWN',
    message: `${o.source} of ${host} has no snapshot before ${after.id}`,
    origin: 'policy',
    permanent: true,
    hint: `name two to compare: \`holdfast diff ${o.source} <from> <to>\`; \`holdfast snapshots ${o.source}\` lists them`,
  });
}
