import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from 'holdfast/plugin';
import { type Archive, type ArchiveEntry, writeArchive } from './archive.ts';
import { tableOfCopy } from './copy-columns.ts';
import { isSetting } from './definition-choice.ts';
import { digested } from './digested.ts';
import { connectionString } from './dump-head.ts';
import { asking, serverFailure } from './failure.ts';
import { inLanes } from './lanes.ts';
import { isMetadata } from './large-object-groups.ts';
import { readLargeObjects, storedLargeObjects } from './large-objects.ts';
import { MadeDatabase } from './made-database.ts';
import type { LargeObjectsRecord, TableRecord } from './manifest.ts';
import type { Skipped } from './restore-plan.ts';
import { copyRows, fillTable, verifyRows } from './restore-rows.ts';
import { type DatabaseRestoreOptions, rowsOf } from './restoring.ts';
import { replaceRows } from './row-replacement.ts';
import { moveSequencesOn } from './sequence-states.ts';
import { Session } from './session.ts';
import { indexesOf } from './table-indexes.ts';
import { fillViews, isViewContent } from './view-contents.ts';

/**
 * Makes what is planned of one database: definitions first, then the rows of several tables at a time, then indexes, keys and
 * triggers. A database that is made has another name until all of it is there, and is dropped when it does not come to that. Gives what
 * could not be made of it, where the rest is good without.
 */
export async function restoreDatabase(o: DatabaseRestoreOptions): Promise<Skipped[]> {
  const { plan, choice, address, host } = o;
  if (!plan.make) return fill(o, plan.target);
  await using made = await MadeDatabase.make({
    address,
    host,
    archive: choice.archive,
    whole: choice.whole,
    owners: o.owners,
    tablespaces: plan.tablespaces,
    name: plan.target,
  });
  try {
    const skipped = await fill(o, made.temporaryName);
    return [...skipped, ...(await made.keep())];
  } catch (error) {
    await dropMade(made, error);
    throw error;
  }
}

/** Drops it because of `cause`; what keeps it from being dropped does not hide that, and what is left is named. */
async function dropMade(made: MadeDatabase, cause: unknown): Promise<void> {
  const failure = serverFailure(cause, 'restore');
  try {
    await made.drop(failure.code === 'POSTGRES_FULL');
  } catch (error) {
    const { message } = serverFailure(error, `drop database ${made.temporaryName}`);
    fail(
      {
        ...failure,
        message: `${failure.message}; ${made.temporaryName}, which was being filled, may still be there until the next restore: ${message}`,
      },
      cause,
    );
  }
}

async function fill(o: DatabaseRestoreOptions, database: string): Promise<Skipped[]> {
  const { plan, choice } = o;
  const wanted = new Set(plan.definitions);
  const entries = choice.archive.entries.filter(({ dumpId }) => wanted.has(dumpId));
  await makeDefinitions(o, database, entries, 'pre-data', ['--single-transaction']);
  const indexed = await loadRows(o, database, entries);
  await makeDefinitions(o, database, amongData(entries), 'data', ['--single-transaction']);
  if (plan.replace.length > 0) await replaceRows(o, database);
  if (plan.largeObjects) await loadLargeObjects(o, database);
  const rest = entries.filter((entry) => !indexed.has(entry) && !isViewContent(entry));
  await makeDefinitions(o, database, rest, 'post-data', ['--exit-on-error', `--jobs=${o.parallel}`]);
  await using session = await Session.open({ ...o.address, database }, o.host);
  if (plan.replace.length > 0) await moveSequencesOn(session, choice.definitions.entries);
  return await fillViews(session, entries);
}

/** What pg_restore makes with the rows: the state of sequences, and from version 17 on large objects, with what is said of them. */
function amongData(entries: readonly ArchiveEntry[]): ArchiveEntry[] {
  const objects = new Set(entries.filter(isMetadata).map(({ dumpId }) => dumpId));
  return entries.filter(
    ({ section, dependencies }) =>
      section === 'data' || (section === 'none' && dependencies.some((id) => objects.has(id))),
  );
}

async function makeDefinitions(
  o: DatabaseRestoreOptions,
  database: string,
  entries: readonly ArchiveEntry[],
  section: ArchiveEntry['section'],
  args: readonly string[],
): Promise<void> {
  if (!entries.some((entry) => entry.section === section && entry.definition !== '')) return;
  // Texts are in the encoding that the archive names.
  const wanted = new Set(entries);
  const all = o.choice.archive.entries.filter((entry) => wanted.has(entry) || isSetting(entry));
  const file = await archiveFile(o, o.choice.archive, all);
  const without = [...(o.plan.tablespaces ? [] : ['--no-tablespaces']), ...(o.owners ? [] : ['--no-owner'])];
  const words = [
    `--section=${section}`,
    ...without,
    ...args,
    '--no-password',
    `--dbname=${connectionString(database)}`,
    file,
  ];
  await o.programs.run('pg_restore', words, `make the ${section} definitions of ${o.plan.target}`);
}

async function archiveFile(
  { host }: DatabaseRestoreOptions,
  archive: Archive,
  entries: readonly ArchiveEntry[],
): Promise<string> {
  const file = join(host.scratchDir, `${randomUUID()}.dump`);
  await writeFile(file, writeArchive(archive, entries), { mode: 0o600 });
  return file;
}

/** Loads the rows of all tables; returns the indexes that were made on the way. */
async function loadRows(
  o: DatabaseRestoreOptions,
  database: string,
  entries: readonly ArchiveEntry[],
): Promise<ReadonlySet<ArchiveEntry>> {
  const indexed = new Set<ArchiveEntry>();
  const wanted = new Set(o.plan.load);
  const tables = o.choice.tables.filter(({ artifact }) => wanted.has(artifact)).toSorted((a, b) => b.bytes - a.bytes);
  await using stack = new AsyncDisposableStack();
  const lanes: Session[] = [];
  for (let i = 0; i < Math.min(o.parallel, tables.length); i++)
    lanes.push(stack.use(await Session.open({ ...o.address, database }, o.host)));
  await inLanes(lanes, tables, async (lane, table) => {
    await loadTable(o, lane, table);
    const indexes = indexesOf(o.choice.archive, entries, table);
    await makeDefinitions(o, database, indexes, 'post-data', ['--exit-on-error']);
    for (const index of indexes) indexed.add(index);
  });
  return indexed;
}

/** Emptied, filled and read back in one transaction: the server need not log each row where wal_level is minimal. */
async function loadTable(o: DatabaseRestoreOptions, lane: Session, table: TableRecord): Promise<void> {
  const rows = rowsOf(o, table);
  await lane.run('BEGIN', `TRUNCATE TABLE ONLY ${tableOfCopy(rows.entry.copy)}`);
  const loaded =
    rows.mask === undefined ? await fillTable(lane, rows, !o.readBack) : await copyRows(lane, rows, 'kept');
  if (o.readBack) await verifyRows(lane, rows, loaded);
  await lane.run('COMMIT');
}

async function loadLargeObjects(o: DatabaseRestoreOptions, database: string): Promise<void> {
  const { name, largeObjects } = o.choice.record;
  if (largeObjects === null) return;
  await using session = await Session.open({ ...o.address, database }, o.host);
  await asking(`restore the large objects of ${name}`, async () => {
    const oids: string[] = [];
    await session.run('BEGIN');
    for await (const { oid, pieces } of storedLargeObjects(o.from.bytes(largeObjects.artifact))) {
      oids.push(`${oid}`);
      let offset = 0;
      for await (const piece of pieces) {
        await session.rows('SELECT pg_catalog.lo_put($1::oid, $2::bigint, $3::bytea)', [oid, offset, piece]);
        offset += piece.length;
      }
    }
    await verifyLargeObjects(session, largeObjects, oids);
    await session.run('COMMIT');
  });
}

/** Reads them back: they must be, byte by byte, what was captured. */
async function verifyLargeObjects(
  session: Session,
  record: LargeObjectsRecord,
  oids: readonly string[],
): Promise<void> {
  const back = digested(readLargeObjects(session, oids));
  for await (const _ of back.data);
  if (oids.length === record.count && back.sha256 === record.sha256) return;
  fail({
    code: 'RESTORE_DIFFERS',
    message: `${oids.length} large objects with digest ${back.sha256.slice(0, 12)} are there, ${record.count} with ${record.sha256.slice(0, 12)} were captured`,
    origin: 'source',
    permanent: true,
    hint: 'others may have been there under the same numbers: restore to a database of its own',
  });
}
