import { type ArtifactOptions, type Failure, fail, type Sink } from 'holdfast/plugin';
import type { Absences } from './absences.ts';
import { definitionsArtifact, largeObjectsArtifact, tableArtifact } from './artifact-name.ts';
import { deniedRows } from './denied-rows.ts';
import { type Digested, digested } from './digested.ts';
import type { ExportedSnapshot, SnapshotOptions } from './exported-snapshot.ts';
import { serverFailure } from './failure.ts';
import { inLanes } from './lanes.ts';
import { inArchiveOrder } from './large-object-groups.ts';
import { largeObjectOids, readLargeObjects } from './large-objects.ts';
import type { SnapshotTable } from './locked-tables.ts';
import type { DatabaseRecord, LargeObjectsRecord, TableRecord } from './manifest.ts';
import type { Session } from './session.ts';
import type { TableChoice } from './table-choice.ts';
import { readTableFacts, type TableFacts } from './table-facts.ts';
import { unloggedTables } from './unlogged-tables.ts';

export interface DatabaseCaptureOptions extends SnapshotOptions {
  readonly encoding: string;
  readonly choice: TableChoice;
  readonly parallel: number;
  readonly absences: Absences;
}

/** Captures one database at one point: its definitions, and the rows of the tables that are chosen, several at a time. */
export async function captureDatabase(
  o: DatabaseCaptureOptions,
  snapshot: ExportedSnapshot,
  out: Sink,
): Promise<DatabaseRecord> {
  for (const one of snapshot.unreadable) if (o.choice.wants(one)) o.absences.table(o.database, one, one.failure);
  for (const one of await unloggedTables(snapshot.session))
    if (o.choice.wants(one)) o.absences.table(o.database, one, unlogged);
  const definitions = definitionsArtifact(o.database);
  await out.bytes(definitions, once(snapshot.definitions.bytes), { chunker: 'cdc' });
  const wanted = snapshot.tables.filter((table) => o.choice.wants(table));
  const denied = await deniedRows(snapshot.session, o.address.user);
  for (const table of wanted) {
    const failure = denied.ofTables.get(table.oid);
    if (failure !== undefined) o.absences.table(o.database, table, failure);
  }
  const chosen = wanted.filter(({ oid }) => !denied.ofTables.has(oid));
  const facts = await readTableFacts(
    snapshot.session,
    o.database,
    chosen.map(({ oid }) => oid),
  );
  // The longest first, so that the last of them does not run alone.
  const queue: Work[] = chosen.toSorted((a, b) => b.bytes - a.bytes).map((table) => ({ table }));
  const objects = o.choice.all ? await largeObjectOids(snapshot.session) : [];
  const oids = inArchiveOrder(
    snapshot.definitions.archive,
    objects.filter((oid) => !denied.largeObjects.has(oid)),
  );
  if (oids.length < objects.length)
    o.absences.largeObjects(o.database, objects.length - oids.length, denied.ofLargeObjects);
  if (oids.length > 0) queue.unshift({ largeObjects: oids });
  const tables: TableRecord[] = [];
  let largeObjects: LargeObjectsRecord | null = null;
  await using stack = new AsyncDisposableStack();
  const lanes: Session[] = [];
  for (let i = 0; i < Math.min(o.parallel, queue.length); i++) lanes.push(stack.use(await snapshot.lane()));
  await inLanes(lanes, queue, async (lane, work) => {
    if ('table' in work) tables.push(await captureTable(o, lane, work.table, facts, out));
    else largeObjects = await captureLargeObjects(o.database, lane, work.largeObjects, out);
  });
  return {
    name: o.database,
    encoding: o.encoding,
    lsn: snapshot.lsn,
    definitions,
    whole: o.choice.all,
    tables: tables.toSorted((a, b) => a.dumpId - b.dumpId),
    largeObjects,
    uniqueKeys: facts.uniqueKeys,
    foreignKeys: facts.foreignKeys,
  };
}

const unlogged: Failure = {
  code: 'POSTGRES_UNLOGGED',
  message: 'it is unlogged, and a standby has no rows of such a table',
  origin: 'source',
  permanent: true,
  hint: 'back up the primary, or leave the table out: exclude',
};

type Work = { readonly table: SnapshotTable } | { readonly largeObjects: readonly string[] };

async function captureTable(
  { database, encoding }: DatabaseCaptureOptions,
  lane: Session,
  table: SnapshotTable,
  facts: TableFacts,
  out: Sink,
): Promise<TableRecord> {
  const artifact = tableArtifact(database, table.schema, table.table);
  let rows: number | undefined;
  const seen = await stored(artifact, `read table ${table.schema}.${table.table} of ${database}`, out, () => {
    // As the database has it, so that nothing is converted, and nothing can be that has no equivalent.
    const copied = lane.copyOut(`${table.copy} WITH (ENCODING '${encoding}')`);
    const facts = () => {
      rows = copied.rows();
      return { rows };
    };
    const attributes = () => ({
      'db.system.name': 'postgresql',
      'db.namespace': database,
      'db.collection.name': `${table.schema}.${table.table}`,
      'db.operation.name': 'COPY',
      ...(rows === undefined ? {} : { 'db.response.returned_rows': rows }),
    });
    return { data: copied.data, facts, attributes };
  });
  const ancestors = table.ancestors.map((one) => tableArtifact(database, one.schema, one.table));
  return {
    artifact,
    schema: table.schema,
    table: table.table,
    dumpId: table.dumpId,
    rows: rows ?? 0,
    ancestors,
    columns: facts.columns.get(table.oid) ?? [],
    bytes: seen.bytes,
    sha256: seen.sha256,
  };
}

async function captureLargeObjects(
  database: string,
  lane: Session,
  oids: readonly string[],
  out: Sink,
): Promise<LargeObjectsRecord> {
  const artifact = largeObjectsArtifact(database);
  const count = oids.length;
  const seen = await stored(artifact, `read the large objects of ${database}`, out, () => ({
    data: readLargeObjects(lane, oids),
    facts: () => ({ count }),
  }));
  return { artifact, count, bytes: seen.bytes, sha256: seen.sha256 };
}

/** Stores a stream of the server as an artifact; an error of the server says what was being read. */
async function stored(
  artifact: string,
  action: string,
  out: Sink,
  start: () => ArtifactOptions & { data: AsyncIterable<Uint8Array> },
): Promise<Digested> {
  const { data, ...known } = start();
  const seen = digested(told(action, data));
  await out.bytes(artifact, seen.data, { chunker: 'cdc', ...known });
  return seen;
}

/** What ends a stream says what was being read: whoever stores it does not know. */
async function* told(action: string, data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* data;
  } catch (error) {
    fail(serverFailure(error, action), error);
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
