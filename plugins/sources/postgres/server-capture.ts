import { type BackupRequest, type Failure, fail, type Host, type Json, type Sink, type Verdict } from 'holdfast/plugin';
import { Absences } from './absences.ts';
import { GLOBALS, MANIFEST, SETTINGS } from './artifact-name.ts';
import { captureDatabase, type DatabaseCaptureOptions } from './database-capture.ts';
import { ExportedSnapshot } from './exported-snapshot.ts';
import { serverFailure } from './failure.ts';
import type { DatabaseRecord, Manifest } from './manifest.ts';
import { excludesNothing } from './option-doubts.ts';
import type { PostgresOptions, Select } from './options.ts';
import { Programs } from './programs.ts';
import { findDatabases, serverFacts, serverSettings } from './server.ts';
import { addressOf, Session } from './session.ts';
import { TableChoice } from './table-choice.ts';

export interface ServerCaptureOptions {
  readonly options: PostgresOptions;
  readonly host: Host;
  readonly request: BackupRequest;
}

/** Captures the databases of a server one after another, each at a point of its own: PostgreSQL has none that two share. */
export async function captureServer({ options, host, request }: ServerCaptureOptions, out: Sink): Promise<Verdict> {
  const select = (request.select ?? {}) as Select;
  const address = addressOf(options.connection);
  const parallel = Math.max(1, Math.min(options.parallel ?? 4, request.parallel));
  await using session = await Session.open(address, host);
  const server = await serverFacts(session);
  const programs = await Programs.find({ server: server.version, address, host, folder: options.programs });
  const { databases, closed, idle } = await findDatabases(session, options.databases, select.databases);
  for (const pattern of idle) out.skip(pattern, nothing(`no database is called ${pattern}`));
  const absences = new Absences(out);
  for (const { name, why } of closed) absences.database(name, notConnected(name, why));
  const rolePasswords = await mayReadPasswords(session);
  await storeText(out, GLOBALS, await globals(programs, rolePasswords));
  await storeText(out, SETTINGS, JSON.stringify(await serverSettings(session), null, 1));
  const used = new Set<string>();
  const records: DatabaseRecord[] = [];
  const unopened: Unopened[] = [];
  for (const { name: database, encoding } of databases) {
    const choice = new TableChoice(database, select, options.exclude ?? [], used);
    const o = { address, database, encoding, host, programs, choice, parallel, absences };
    await using snapshot = await openDatabase(o, unopened);
    if (snapshot !== undefined) records.push(await captureDatabase(o, snapshot, out));
  }
  if (records.length === 0 && unopened[0] !== undefined) throw unopened[0].error;
  for (const { database, failure } of unopened) absences.database(database, failure);
  const patterns = [...(select.schemas ?? []), ...(select.tables ?? [])];
  for (const pattern of patterns) if (!used.has(pattern)) out.skip(pattern, nothing(`no table fits ${pattern}`));
  if (records.length === 0 || (patterns.length > 0 && !patterns.some((one) => used.has(one))))
    fail(nothing('nothing that was chosen is there'));
  for (const pattern of options.exclude ?? []) if (!used.has(pattern)) host.log.warn(excludesNothing(pattern).message);
  const manifest: Manifest = {
    format: 1,
    serverVersion: server.version,
    rolePasswords,
    databases: records,
    absent: absences.records,
  };
  await storeText(out, MANIFEST, JSON.stringify(manifest));
  return {
    facts: {
      ...server,
      programs: programs.version,
      rolePasswords,
      databases: Object.fromEntries(records.map(factsOf)),
    } as unknown as Json,
  };
}

/** A database that could not be opened at a point, or whose definitions could not be read. */
interface Unopened {
  readonly database: string;
  readonly error: unknown;
  readonly failure: Failure;
}

/** Undefined, and added to `unopened`, when there is such a one: it does not cost the others. */
async function openDatabase(o: DatabaseCaptureOptions, unopened: Unopened[]): Promise<ExportedSnapshot | undefined> {
  const { database } = o;
  try {
    return await ExportedSnapshot.open(o);
  } catch (error) {
    o.host.signal.throwIfAborted();
    const failure = serverFailure(error, `open database ${database}`);
    if (failure.origin !== 'source') throw error;
    const message = `database ${database} is not captured: ${failure.message}`;
    unopened.push({ database, error, failure: { ...failure, message } });
    return undefined;
  }
}

/** Passwords of roles: superusers may, and members of pg_read_all_data. */
async function mayReadPasswords(session: Session): Promise<boolean> {
  const { may } = await session.row<{ may: boolean }>(
    `SELECT has_table_privilege('pg_catalog.pg_authid', 'select') AS may`,
  );
  return may;
}

/** Roles and tablespaces. */
function globals(programs: Programs, passwords: boolean): Promise<Uint8Array> {
  const args = ['--globals-only', '--no-password', ...(passwords ? [] : ['--no-role-passwords'])];
  return programs.run('pg_dumpall', args, 'read roles and tablespaces');
}

function factsOf({ name, lsn, whole, tables, largeObjects }: DatabaseRecord): [string, Json] {
  const sum = (what: 'rows' | 'bytes') => tables.reduce((total, table) => total + table[what], 0);
  return [
    name,
    {
      lsn,
      whole,
      tables: tables.length,
      rows: sum('rows'),
      bytes: sum('bytes'),
      largeObjects: largeObjects?.count ?? 0,
    },
  ];
}

async function storeText(out: Sink, name: string, text: string | Uint8Array): Promise<void> {
  async function* data(): AsyncGenerator<Uint8Array> {
    const bytes = Buffer.from(text);
    if (bytes.length > 0) yield bytes;
  }
  await out.bytes(name, data(), { chunker: 'cdc' });
}

function notConnected(database: string, why: string) {
  return {
    code: 'POSTGRES_DENIED',
    message: `database ${database} is not captured: ${why}`,
    origin: 'source',
    permanent: true,
    hint: `ALTER DATABASE ${database} ALLOW_CONNECTIONS true, GRANT CONNECT ON DATABASE ${database}; or name the others in databases`,
  } as const;
}

function nothing(message: string) {
  return {
    code: 'SOURCE_NOTHING',
    message,
    origin: 'source',
    permanent: true,
    hint: 'look for a misspelt name: `psql -l` lists databases, `\\dt *.*` tables',
  } as const;
}
