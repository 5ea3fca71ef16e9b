import type { Host, RestoreRequest } from 'holdfast/plugin';
import type { ArchiveEntry } from './archive.ts';
import { databaseDefinitions } from './definition-choice.ts';
import { findExisting, isEmptyDatabase } from './existing.ts';
import { largeObjectOids } from './large-objects.ts';
import type { TableRecord } from './manifest.ts';
import { largeObjectsExist, notEmpty, tablesExist } from './restore-conflict.ts';
import { type DatabaseChoice, dataEntry, type Skipped } from './restore-plan.ts';
import { type Address, Session } from './session.ts';
import { leftToDefault, missingTablespaces } from './tablespaces.ts';

/** What would be done to one database of a server. Numbers are `dumpId`s of the archive. */
export interface DatabasePlan {
  readonly source: string;
  readonly target: string;
  /** Whether the database is made; one that is there is added to. */
  readonly make: boolean;
  readonly definitions: readonly number[];
  /** Artifacts whose rows go into tables that are made. */
  readonly load: readonly string[];
  /** Artifacts whose rows take the place of those that are there. */
  readonly replace: readonly string[];
  readonly largeObjects: boolean;
  /** Artifacts of tables that are there and left as they are. */
  readonly left: readonly string[];
  /** What else is there and stays as it is with `--conflict skip`, for people. */
  readonly kept: readonly string[];
  readonly skipped: readonly Skipped[];
  /** Whether the server has every tablespace that definitions name: otherwise they go without any. */
  readonly tablespaces: boolean;
}

export interface PlanningOptions {
  readonly choice: DatabaseChoice;
  readonly target: string;
  readonly exists: boolean;
  readonly address: Address;
  /** Of the same server, to any database. */
  readonly server: Session;
  readonly host: Host;
  readonly conflict: RestoreRequest['conflict'];
}

/** Looks at the database that would be restored to, and changes nothing. */
export async function planDatabase(o: PlanningOptions): Promise<DatabasePlan> {
  const { choice, target, address, host, conflict } = o;
  const spaces = leftToDefault(
    await missingTablespaces(o.server, [
      ...choice.definitions.entries,
      ...(choice.whole && !o.exists ? databaseDefinitions(choice.archive) : []),
    ]),
  );
  const tablespaces = spaces.length === 0;
  const base = { source: choice.record.name, target, largeObjects: choice.largeObjects, tablespaces };
  const all = choice.tables.map(({ artifact }) => artifact);
  const entries = choice.definitions.entries;
  const unbound = loose(choice, new Set());
  const bound = entries.filter(({ dumpId }) => !unbound.some((one) => one.dumpId === dumpId));
  const nothingThere = {
    ...base,
    definitions: ids(bound),
    load: all,
    replace: [],
    left: [],
    kept: [],
    skipped: [...unbound, ...spaces],
  };
  if (!o.exists) return { ...nothingThere, make: true };
  await using session = await Session.open({ ...address, database: target }, host);
  if (await isEmptyDatabase(session)) return { ...nothingThere, make: false };
  if (choice.whole && conflict === 'error') notEmpty({ ...address, database: target });
  if (choice.largeObjects && (await largeObjectOids(session)).length > 0)
    largeObjectsExist(choice.record.name, { ...address, database: target });
  const existing = await findExisting(session, choice.archive.entries);
  const standing = choice.tables.filter((table) => existing.has(tableOf(choice, table)));
  if (standing.length > 0 && conflict === 'error') tablesExist(standing, { ...address, database: target });
  const there = new Set(standing.map(({ artifact }) => artifact));
  const skipped = loose(choice, existing);
  const left = new Set([...existing, ...skipped.flatMap(({ dumpId }) => dumpId)]);
  return {
    ...base,
    make: false,
    definitions: ids(withoutExisting(entries, left)),
    load: all.filter((artifact) => !there.has(artifact)),
    replace: conflict === 'replace' ? [...there] : [],
    left: conflict === 'skip' ? [...there] : [],
    kept: conflict === 'skip' ? entries.filter(({ dumpId }) => existing.has(dumpId)).flatMap(nameKept) : [],
    skipped: [...skipped, ...spaces],
  };
}

function ids(entries: readonly ArchiveEntry[]): number[] {
  return entries.map(({ dumpId }) => dumpId);
}

function tableOf(choice: DatabaseChoice, table: TableRecord): number {
  return dataEntry(choice, table).dependencies[0] ?? 0;
}

/** Without what is there, and what belongs to it: an index of a table that stays as it is. */
function withoutExisting(entries: readonly ArchiveEntry[], existing: ReadonlySet<number>): ArchiveEntry[] {
  const gone = new Set(existing);
  const byId = new Map(entries.map((entry) => [entry.dumpId, entry]));
  return entries.filter((entry) => {
    const owner = ownerOf(entry, byId);
    if (gone.has(entry.dumpId)) return false;
    // What is attached, and what to: when both stay as they are, they are attached.
    if (entry.desc.endsWith(' ATTACH') && entry.dependencies.every((id) => gone.has(id))) return false;
    if (entry.section !== 'pre-data' || !SELF.has(entry.desc)) {
      if (owner !== undefined && gone.has(owner)) {
        gone.add(entry.dumpId);
        return false;
      }
    }
    return true;
  });
}

/** What an entry is a part of. A foreign key also depends on the key that it refers to, which is there or comes on its own. */
function ownerOf(entry: ArchiveEntry, byId: ReadonlyMap<number, ArchiveEntry>): number | undefined {
  if (entry.desc.endsWith(' ATTACH')) return undefined;
  if (entry.desc !== 'FK CONSTRAINT') return entry.dependencies[0];
  return entry.dependencies.find((id) => {
    const table = byId.get(id);
    return table?.desc === 'TABLE' && table.namespace === entry.namespace && entry.tag.startsWith(`${table.tag} `);
  });
}

/** What stands for itself, whatever it was made of. */
const SELF = new Set([
  'TABLE',
  'VIEW',
  'MATERIALIZED VIEW',
  'SEQUENCE',
  'FUNCTION',
  'PROCEDURE',
  'AGGREGATE',
  'TYPE',
  'DOMAIN',
  'SCHEMA',
  'EXTENSION',
  'FOREIGN TABLE',
  'OPERATOR',
  'CAST',
  'COLLATION',
]);

/** Nobody misses a schema or an extension that is there: what is in it counts. Tables with rows are named as artifacts. */
function nameKept({ desc, namespace, tag }: ArchiveEntry): string[] {
  const silent = !SELF.has(desc) || ['TABLE', 'SCHEMA', 'EXTENSION'].includes(desc);
  return silent ? [] : [`${desc.toLowerCase()} ${namespace}.${tag}`];
}

type Loose = Skipped & { readonly dumpId: number };

/** Foreign keys to tables that are neither restored nor there. */
function loose({ definitions }: DatabaseChoice, existing: ReadonlySet<number>): Loose[] {
  return definitions.foreignKeys.flatMap(({ entry, needs }) => {
    const missing = needs.filter(({ dumpId }) => !existing.has(dumpId));
    if (missing.length === 0) return [];
    const names = [...new Set(missing.map(({ namespace, tag }) => `${namespace}.${tag}`))].join(', ');
    return [
      {
        dumpId: entry.dumpId,
        what: `foreign key ${entry.namespace}.${entry.tag}`,
        failure: {
          code: 'RESTORE_REFERENCE',
          message: `it refers to ${names}, which is neither restored nor there`,
          origin: 'source',
          permanent: true,
          hint: `restore ${names} as well, or add the foreign key later`,
        },
      } as const,
    ];
  });
}
