/** What a table is a partition or a child of. */
export type Ancestors = readonly { readonly schema: string; readonly table: string }[];

/** For `WITH RECURSIVE`: each table with all that it is a partition or a child of, and how far above that is. */
export const ABOVE = `above(oid, parent, depth) AS (
  SELECT inhrelid, inhparent, 1 FROM pg_catalog.pg_inherits
  UNION ALL SELECT a.oid, i.inhparent, a.depth + 1 FROM above a JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.parent)`;

/** Of the table of this oid, as JSON, nearest first. */
export function ancestorsOf(oid: string): string {
  return `coalesce((SELECT pg_catalog.json_agg(pg_catalog.json_build_object('schema', pn.nspname, 'table', p.relname) ORDER BY a.depth)
    FROM above a JOIN pg_catalog.pg_class p ON p.oid = a.parent JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
    WHERE a.oid = ${oid}), '[]')`;
}
