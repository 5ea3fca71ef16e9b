import type { Archive, ArchiveEntry } from './archive.ts';

/** A `BLOBS` entry of an archive, and the large objects whose content it has: by their oids, or all. */
export interface LargeObjectGroup {
  readonly entry: ArchiveEntry;
  readonly oids: ReadonlySet<string> | 'all';
}

/**
 * The groups in which an archive has large objects, in its order. Up to version 16 of pg_dump there is one; from 17 on one for each
 * owner and grants, and for a thousand objects at most: it depends on a `BLOB METADATA`, whose definition is the oids, each on a
 * line (pg_dump.c, dumpLO() and getLOs()).
 */
export function largeObjectGroups({ entries }: Archive): LargeObjectGroup[] {
  const metadata = new Map(entries.filter(isMetadata).map((entry) => [entry.dumpId, entry.definition]));
  return entries
    .filter(({ desc }) => desc === 'BLOBS')
    .map((entry) => {
      const named = entry.dependencies.map((id) => metadata.get(id)).find((text) => text !== undefined);
      return { entry, oids: named === undefined ? 'all' : new Set(named.trim().split('\n')) };
    });
}

/** The same oids in the order in which the archive has them, so that they can be written into one without looking back. */
export function inArchiveOrder(archive: Archive, oids: readonly string[]): string[] {
  const groups = new Map<string, number>();
  for (const [number, group] of largeObjectGroups(archive).entries())
    if (group.oids !== 'all') for (const oid of group.oids) groups.set(oid, number);
  const groupOf = (oid: string) => groups.get(oid) ?? 0;
  return oids.toSorted((a, b) => groupOf(a) - groupOf(b) || Number(a) - Number(b));
}

/** What makes large objects, without their content, from version 17 on. Before, it is a definition like others (`BLOB`). */
export function isMetadata({ desc }: ArchiveEntry): boolean {
  return desc === 'BLOB METADATA';
}
