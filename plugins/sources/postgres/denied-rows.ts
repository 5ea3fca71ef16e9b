import type { Failure } from 'holdfast/plugin';
import type { Session } from './session.ts';

/** What of a database's rows its definitions can be read of, and they cannot. By oid. */
export interface DeniedRows {
  readonly ofTables: ReadonlyMap<string, Failure>;
  readonly largeObjects: ReadonlySet<string>;
  readonly ofLargeObjects: Failure;
}

/**
 * Tables of which policies would hide rows: half a table is never captured as if it were one. And large objects, which pg_read_all_data
 * does not mean (PostgreSQL documentation, "Predefined Roles").
 */
export async function deniedRows(session: Session, user: string): Promise<DeniedRows> {
  const tables = await session.rows<{ oid: string }>(
    `SELECT c.oid::text AS oid FROM pg_catalog.pg_class c WHERE c.relrowsecurity AND pg_catalog.row_security_active(c.oid)`,
  );
  const objects = await session.rows<{ oid: string }>(
    `SELECT m.oid::text AS oid FROM pg_catalog.pg_largeobject_metadata m
     WHERE current_setting('lo_compat_privileges') = 'off' AND NOT pg_catalog.pg_has_role(m.lomowner, 'usage') AND NOT EXISTS (
       SELECT FROM pg_catalog.aclexplode(m.lomacl) AS a
       WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'usage')))`,
  );
  const hidden = denied(
    `row security hides rows of it from ${user}: its definition is captured, its rows are not`,
    `ALTER ROLE ${user} BYPASSRLS; or exclude the table`,
  );
  return {
    ofTables: new Map(tables.map(({ oid }) => [oid, hidden])),
    largeObjects: new Set(objects.map(({ oid }) => oid)),
    ofLargeObjects: denied(
      `${user} may not read them, and pg_read_all_data does not mean them`,
      `GRANT SELECT ON LARGE OBJECT … TO ${user}, or let a superuser back up; a job that selects tables leaves them out`,
    ),
  };
}

function denied(message: string, hint: string): Failure {
  return { code: 'POSTGRES_DENIED', message, origin: 'source', permanent: true, hint };
}
