import type { Archive, ArchiveEntry } from './archive.ts';

/** What becomes of a table's own things when the table is chosen: they come with it. */
const OF_A_TABLE = new Set([
  'DEFAULT',
  'CONSTRAINT',
  'CHECK CONSTRAINT',
  'FK CONSTRAINT',
  'TRIGGER',
  'RULE',
  'POLICY',
  'ROW SECURITY',
]);
const OF_ANYTHING = new Set([
  'COMMENT',
  'ACL',
  'SECURITY LABEL',
  'INDEX',
  'INDEX ATTACH',
  'STATISTICS',
  'SEQUENCE OWNED BY',
  'SEQUENCE SET',
  'TABLE ATTACH',
]);
const SETTINGS = new Set(['ENCODING', 'STDSTRINGS', 'SEARCHPATH']);

export interface ForeignKey {
  readonly entry: ArchiveEntry;
  /** Tables it refers to that were not chosen. */
  readonly needs: readonly ArchiveEntry[];
}

export interface ChosenDefinitions {
  /** In the order of the archive: all that the chosen tables need, and all that belongs to them. */
  readonly entries: readonly ArchiveEntry[];
  /** Among them, those that refer to a table that is not. */
  readonly foreignKeys: readonly ForeignKey[];
}

/** All definitions of a database, but for its own. */
export function allDefinitions({ entries }: Archive): ChosenDefinitions {
  return { entries: entries.filter((entry) => !isOfDatabase(entry) && !holdsRows(entry)), foreignKeys: [] };
}

/** `CREATE DATABASE`, and what was said of the database itself. */
export function databaseDefinitions({ entries }: Archive): ArchiveEntry[] {
  return entries.filter(isOfDatabase);
}

/** The definitions that some tables need to be there and whole; `tables` are their `dumpId`s. */
export function definitionsOf(archive: Archive, tables: ReadonlySet<number>): ChosenDefinitions {
  const byId = new Map(archive.entries.map((entry) => [entry.dumpId, entry]));
  const chosen = new Set<number>();
  const need = (id: number) => {
    const entry = byId.get(id);
    if (entry === undefined || chosen.has(id) || isOfDatabase(entry) || holdsRows(entry)) return;
    chosen.add(id);
    for (const other of entry.dependencies) need(other);
  };
  for (const id of tables) need(id);
  const own = ownersOf(archive.entries, tables);
  const foreignKeys: ForeignKey[] = [];
  // Again until nothing comes in: a comment on an index comes with the index, which comes with its table.
  for (let before = -1; before < chosen.size; ) {
    before = chosen.size;
    for (const entry of archive.entries) {
      if (chosen.has(entry.dumpId) || !belongs(entry, own, chosen, byId)) continue;
      const needs = entry.desc === 'FK CONSTRAINT' ? foreignTables(entry, byId, chosen) : [];
      if (needs.length > 0) {
        chosen.add(entry.dumpId);
        foreignKeys.push({ entry, needs });
      } else need(entry.dumpId);
    }
  }
  const entries = archive.entries.filter((entry) => chosen.has(entry.dumpId) || isSetting(entry));
  return { entries, foreignKeys };
}

function isOfDatabase({ desc, tag }: ArchiveEntry): boolean {
  return desc.startsWith('DATABASE') || (tag.startsWith('DATABASE ') && OF_ANYTHING.has(desc));
}

/** Lines that only set what the others are read with. */
export function isSetting({ desc }: ArchiveEntry): boolean {
  return SETTINGS.has(desc);
}

export function holdsRows({ desc }: ArchiveEntry): boolean {
  return desc === 'TABLE DATA' || desc === 'BLOBS';
}

/** The chosen tables by schema and name, as the tags of what they own begin: `table constraint`. */
function ownersOf(
  entries: readonly ArchiveEntry[],
  tables: ReadonlySet<number>,
): ReadonlyMap<string, readonly string[]> {
  const own = new Map<string, string[]>();
  for (const { dumpId, namespace, tag } of entries)
    if (tables.has(dumpId)) own.set(namespace, [...(own.get(namespace) ?? []), tag]);
  return own;
}

function belongs(
  entry: ArchiveEntry,
  own: ReadonlyMap<string, readonly string[]>,
  chosen: ReadonlySet<number>,
  byId: ReadonlyMap<number, ArchiveEntry>,
): boolean {
  const { desc, namespace, tag, dependencies } = entry;
  if (OF_A_TABLE.has(desc))
    return (
      own.get(namespace)?.some((table) => tag === table || tag.startsWith(`${table} `)) === true &&
      dependencies.some((id) => chosen.has(id))
    );
  if (!OF_ANYTHING.has(desc)) return false;
  // A partition is attached to a parent that comes too; an index to that of the parent.
  if (desc.endsWith(' ATTACH'))
    return dependencies.every((id) => chosen.has(id) || byId.get(id)?.section === undefined);
  if (desc === 'SEQUENCE OWNED BY') return dependencies.some((id) => chosen.has(id) && byId.get(id)?.desc === 'TABLE');
  return dependencies.some((id) => chosen.has(id));
}

/** A foreign key depends on the table it is of, and on the key that it refers to, which depends on that one's table. */
function foreignTables(
  entry: ArchiveEntry,
  byId: ReadonlyMap<number, ArchiveEntry>,
  chosen: ReadonlySet<number>,
): ArchiveEntry[] {
  const near = entry.dependencies.flatMap((id) => byId.get(id) ?? []);
  const beyond = near
    .filter(({ desc }) => desc === 'CONSTRAINT' || desc === 'INDEX')
    .flatMap(({ dependencies }) => dependencies.flatMap((id) => byId.get(id) ?? []));
  return [...near, ...beyond].filter(({ desc, dumpId }) => desc === 'TABLE' && !chosen.has(dumpId));
}
