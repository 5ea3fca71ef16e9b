import type { Failure } from 'holdfast/plugin';
import type { LockOptions } from './locked-tables.ts';
import { Session } from './session.ts';

interface Holder {
  readonly table: string;
  readonly pid: number;
  readonly who: string;
}

/**
 * A `POSTGRES_LOCKED` that names the tables which nobody may read, and who holds them: neither pg_dump nor the server says so. As it
 * was, when they are free by now.
 */
export async function namingHolders({ address, database, host }: LockOptions, failure: Failure): Promise<Failure> {
  await using session = await Session.open({ ...address, database }, host);
  const held = await session.rows<Holder>(
    `SELECT DISTINCT pg_catalog.format('%I.%I', n.nspname, c.relname) AS table, l.pid,
       pg_catalog.concat_ws(' of ', nullif(a.application_name, ''), a.usename) AS who
     FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
     WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S')
       AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
     ORDER BY 1, 2`,
  );
  const [first] = held;
  if (first === undefined) return failure;
  const tables = [...new Set(held.map(({ table }) => table))];
  const holders = [...new Map(held.map((one) => [one.pid, `process ${one.pid} (${one.who})`])).values()];
  const more = tables.length > 5 ? ` and ${tables.length - 5} more` : '';
  return {
    ...failure,
    message: `in ${database}, ${tables.slice(0, 5).join(', ')}${more} cannot be read: locked by ${holders.join(', ')}`,
    hint: `run it again when that is done, or end it: SELECT pg_terminate_backend(${first.pid})`,
  };
}
