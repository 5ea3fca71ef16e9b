/**
 * What roles and databases may be set to (`ALTER ROLE … SET statement_timeout`), and must not hold for a backup or a restore: ours and
 * those of the programs. They come with the connection, where they go before what a role is set to, and before any statement.
 */
const STARTUP: Readonly<Record<string, string>> = {
  statement_timeout: '0',
  lock_timeout: '30s',
  idle_in_transaction_session_timeout: '0',
  default_transaction_read_only: 'off',
};

/** The same of later versions: a server that knows no such name lets nobody in. By the first `server_version_num` that does. */
const LATER: readonly (readonly [name: string, since: number])[] = [
  ['idle_session_timeout', 140_000],
  ['transaction_timeout', 170_000],
];

/** What `PGOPTIONS` and the startup packet take. `serverVersion`: `server_version_num`; absent: not known yet. */
export function startupOptions(serverVersion?: number): string {
  const later = LATER.filter(([, since]) => serverVersion !== undefined && serverVersion >= since);
  const all = [...Object.entries(STARTUP), ...later.map(([name]) => [name, '0'] as const)];
  return all.map(([name, value]) => `-c ${name}=${value}`).join(' ');
}

/**
 * What every session of ours is set to, so that the same rows are the same text wherever they are read: pg_dump.c, setup_connection(),
 * and a time zone.
 */
export const SESSION_SETTINGS: readonly string[] = [
  "SET DateStyle = 'ISO'",
  "SET IntervalStyle = 'postgres'",
  'SET extra_float_digits = 3',
  "SET TimeZone = 'UTC'",
  'SET synchronize_seqscans = off',
  // Rows come in the order of their table, also from a query.
  'SET max_parallel_workers_per_gather = 0',
  'SET enable_indexonlyscan = off',
  'SET row_security = off',
  "SET bytea_output = 'hex'",
  'SET quote_all_identifiers = off',
  `SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name IN (${LATER.map(([name]) => `'${name}'`).join(', ')})`,
  "SET search_path = ''",
];
