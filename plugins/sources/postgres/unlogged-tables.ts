import { ABOVE, type Ancestors, ancestorsOf } from './ancestors.ts';
import type { Session } from './session.ts';

export interface UnloggedTable {
  readonly schema: string;
  readonly table: string;
  readonly ancestors: Ancestors;
}

/** Tables whose rows a standby does not have, since they are in no log: none on a primary. pg_dump leaves them out without a word. */
export function unloggedTables(session: Session): Promise<UnloggedTable[]> {
  return session.rows<UnloggedTable>(
    `WITH RECURSIVE ${ABOVE}
     SELECT n.nspname AS schema, c.relname AS table, ${ancestorsOf('c.oid')} AS ancestors
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE pg_is_in_recovery() AND c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1, 2`,
  );
}
