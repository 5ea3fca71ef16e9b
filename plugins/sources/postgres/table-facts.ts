import { tableArtifact } from './artifact-name.ts';
import type { ColumnRecord, ForeignKey, UniqueKey } from './manifest.ts';
import type { Session } from './session.ts';

/** What masking must know of tables whose rows are captured: it looks at it when neither they nor their server need be there any more. */
export interface TableFacts {
  /** By the table's oid, in the order that the table has them in. */
  readonly columns: ReadonlyMap<string, readonly ColumnRecord[]>;
  readonly uniqueKeys: readonly UniqueKey[];
  readonly foreignKeys: readonly ForeignKey[];
}

/** `oids`: of the tables. */
export async function readTableFacts(session: Session, database: string, oids: readonly string[]): Promise<TableFacts> {
  const artifact = ([schema, table]: TableNames) => tableArtifact(database, schema, table);
  const columns = new Map<string, ColumnRecord[]>(oids.map((oid) => [oid, []]));
  for (const { oid, ...column } of await session.rows<ColumnRow>(COLUMNS, [oids])) columns.get(oid)?.push(column);
  const unique = await session.rows<UniqueRow>(UNIQUE, [oids]);
  const foreign = await session.rows<ForeignRow>(FOREIGN, [oids]);
  return {
    columns,
    uniqueKeys: unique.map((key) => ({ name: key.name, artifact: artifact(key.of), columns: key.columns })),
    foreignKeys: foreign.map(({ name, of, columns, to, referenced }) => ({
      name,
      artifact: artifact(of),
      columns,
      references: artifact(to),
      referenced,
    })),
  };
}

type TableNames = readonly [schema: string, table: string];
type ColumnRow = ColumnRecord & { readonly oid: string };
interface UniqueRow {
  readonly name: string;
  readonly of: TableNames;
  readonly columns: readonly string[];
}
interface ForeignRow extends UniqueRow {
  readonly to: TableNames;
  readonly referenced: readonly string[];
}

/** A domain is over a type, or over another domain; each of them may be NOT NULL. */
const COLUMNS = `
  WITH RECURSIVE wanted AS (SELECT unnest($1::oid[]) AS oid),
    of AS (SELECT a.attrelid, a.attnum, a.attname, a.atttypid AS type, a.atttypmod AS modifier, a.attnotnull AS filled, a.attgenerated <> '' AS generated
      FROM wanted JOIN pg_catalog.pg_attribute a ON a.attrelid = wanted.oid WHERE a.attnum > 0 AND NOT a.attisdropped
      UNION ALL SELECT of.attrelid, of.attnum, of.attname, t.typbasetype, t.typtypmod, of.filled OR t.typnotnull, of.generated
      FROM of JOIN pg_catalog.pg_type t ON t.oid = of.type AND t.typtype = 'd'),
    above AS (SELECT w.oid, i.inhparent AS parent FROM wanted w JOIN pg_catalog.pg_inherits i ON i.inhrelid = w.oid
      UNION ALL SELECT a.oid, i.inhparent FROM above a JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.parent)
  SELECT of.attrelid::text AS oid, of.attname AS name, pg_catalog.format_type(of.type, of.modifier) AS type, NOT of.filled AS nullable, of.generated,
    EXISTS (SELECT FROM above JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = above.parent
      JOIN pg_catalog.pg_attribute k ON k.attrelid = p.partrelid AND k.attnum = ANY (p.partattrs::int2[])
      WHERE above.oid = of.attrelid AND k.attname = of.attname) AS partitions
  FROM of JOIN pg_catalog.pg_type t ON t.oid = of.type AND t.typtype <> 'd' ORDER BY of.attrelid, of.attnum`;

const namesOf = (oid: string) =>
  `(SELECT json_build_array(n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ${oid})`;

const columnsOf = (oid: string, numbers: string) =>
  `(SELECT json_agg(a.attname ORDER BY place.i) FROM unnest(${numbers}) WITH ORDINALITY AS place(n, i)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = ${oid} AND a.attnum = place.n)`;

/** Neither those of some rows only, nor those of what is computed from columns. */
const UNIQUE = `
  SELECT x.indexrelid::regclass::text AS name, ${namesOf('x.indrelid')} AS of, ${columnsOf('x.indrelid', '(x.indkey::int2[])[0:x.indnkeyatts - 1]')} AS columns
  FROM pg_catalog.pg_index x
  WHERE x.indisunique AND x.indpred IS NULL AND x.indexprs IS NULL AND x.indrelid = ANY ($1::oid[]) ORDER BY 1`;

const FOREIGN = `
  SELECT k.conname AS name, ${namesOf('k.conrelid')} AS of, ${columnsOf('k.conrelid', 'k.conkey')} AS columns,
    ${namesOf('k.confrelid')} AS to, ${columnsOf('k.confrelid', 'k.confkey')} AS referenced
  FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.conrelid = ANY ($1::oid[]) ORDER BY 1, k.oid`;
