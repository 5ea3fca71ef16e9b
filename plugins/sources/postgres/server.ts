import type { Json } from 'holdfast/plugin';
import { namePattern } from './name-pattern.ts';
import type { Session } from './session.ts';

/** What is asked of a server before anything is read. */
export interface ServerFacts {
  /** `server_version_num`: 150020 is 15.20. */
  readonly version: number;
  readonly versionText: string;
  readonly standby: boolean;
  readonly systemIdentifier: string | null;
}

export async function serverFacts(session: Session): Promise<ServerFacts> {
  const { version, text, standby, may } = await session.row<{
    version: number;
    text: string;
    standby: boolean;
    may: boolean;
  }>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS text,
       pg_is_in_recovery() AS standby, has_function_privilege('pg_catalog.pg_control_system()', 'execute') AS may`,
  );
  const system = may
    ? (await session.row<{ id: string }>('SELECT system_identifier::text AS id FROM pg_catalog.pg_control_system()')).id
    : null;
  return { version, versionText: text, standby, systemIdentifier: system };
}

export interface DatabaseFacts {
  readonly name: string;
  readonly encoding: string;
  readonly bytes: number;
}

/**
 * The databases that fit one of `patterns`, and of `chosen` where a job chooses. `closed`: those among them that this user cannot connect
 * to, and why; `idle`: patterns that none fits.
 */
export async function findDatabases(
  session: Session,
  patterns: readonly string[] | undefined,
  chosen: readonly string[] | undefined,
): Promise<{ databases: DatabaseFacts[]; closed: { name: string; why: string }[]; idle: string[] }> {
  const all = await session.rows<{ name: string; encoding: string; open: boolean; bytes: string | null }>(
    `SELECT datname AS name, pg_encoding_to_char(encoding) AS encoding, datallowconn AS open,
       CASE WHEN has_database_privilege(oid, 'connect') THEN pg_database_size(oid)::text END AS bytes
     FROM pg_catalog.pg_database WHERE NOT datistemplate ORDER BY datname`,
  );
  const fits = (name: string, some: readonly string[] | undefined) =>
    some === undefined || some.some((pattern) => namePattern(pattern)(name));
  const wanted = all.filter(({ name }) => fits(name, patterns) && fits(name, chosen));
  const databases = wanted.filter(({ open, bytes }) => open && bytes !== null);
  const closed = wanted.flatMap(({ name, open, bytes }) => {
    if (!open) return [{ name, why: 'it lets nobody connect (ALLOW_CONNECTIONS)' }];
    return bytes === null ? [{ name, why: 'the role may not connect to it' }] : [];
  });
  const idle = [...(patterns ?? []), ...(chosen ?? [])].filter(
    (one) => !all.some(({ name }) => namePattern(one)(name)),
  );
  return {
    databases: databases.map(({ name, encoding, bytes }) => ({ name, encoding, bytes: Number(bytes ?? 0) })),
    closed,
    idle,
  };
}

/** What was set otherwise than the program has it, for whoever sets up a new server: some of it is secret, so it is no fact. */
export async function serverSettings(session: Session): Promise<Json> {
  return session.rows<{ name: string; setting: string; unit: string | null; source: string }>(
    `SELECT name, setting, unit, source FROM pg_catalog.pg_settings
     WHERE source NOT IN ('default', 'override', 'client', 'session') ORDER BY name`,
  ) as Promise<Json>;
}
