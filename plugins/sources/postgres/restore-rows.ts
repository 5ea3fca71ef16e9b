import { createHash } from 'node:crypto';
import { type Bytes, fail } from 'holdfast/plugin';
import type { ArchiveEntry } from './archive.ts';
import { columnNames, quotedNames, tableOfCopy } from './copy-columns.ts';
import { type Digested, digested } from './digested.ts';
import { asking } from './failure.ts';
import { releasing } from './giving-back.ts';
import type { TableRecord } from './manifest.ts';
import { MaskedRows } from './masked-rows.ts';
import type { TableMask } from './masking/table-mask.ts';
import { digestedRows } from './rows-digest.ts';
import type { Session } from './session.ts';

export interface RowsToLoad {
  readonly table: TableRecord;
  readonly entry: ArchiveEntry;
  /** As they were captured. */
  readonly data: Bytes;
  /** Of the database that was captured, in which the text is. */
  readonly encoding: string;
  /** Undefined: they go in as they are. */
  readonly mask: TableMask | undefined;
}

/** Rows that go into room among others come out in any order; otherwise they come as they went. */
type Order = 'kept' | 'any';

/** What went in, to be compared with what comes out. */
export interface Loaded {
  readonly order: Order;
  readonly rows: number;
  readonly sha256: string;
}

/**
 * Copies rows in and tells what they were. What was stored must be what was captured, or nothing of it is kept by the transaction. Rows
 * with expressions take a way round by a temporary table, in which the columns of those are NULL.
 */
export async function copyRows(session: Session, to: RowsToLoad, order: Order): Promise<Loaded> {
  const { table, entry, data, encoding, mask } = to;
  return asking(`restore the rows of ${table.schema}.${table.table}`, async () => {
    const stored = digested(data);
    const sent =
      mask === undefined && order === 'kept' ? stored : digestedIn(order, mask?.apply(stored.data) ?? stored.data);
    const copy = copyInOf(entry);
    const way = mask === undefined || mask.expressions.length === 0 ? undefined : new MaskedRows(session, entry, mask);
    await way?.begin();
    const rows = await session.copyIn(`${way?.copyIn(copy) ?? copy} WITH (ENCODING '${encoding}')`, sent.data);
    await way?.end();
    requireCaptured(table, stored, rows);
    return { order, rows, sha256: sent.sha256 };
  });
}

/**
 * Fills a table that this transaction emptied, of rows as they were captured: `digest` whether it is looked at what goes in, which need
 * not be where it is read back in the same transaction. Nobody else can see the table: its rows are stored as those that everybody sees
 * (FREEZE), and who reads them later need not find out, nor write down, that all do.
 */
export async function fillTable(session: Session, to: RowsToLoad, digest: boolean): Promise<Loaded> {
  const { table, entry, data, encoding } = to;
  return asking(`restore the rows of ${table.schema}.${table.table}`, async () => {
    const stored = digest ? digested(releasing(data)) : undefined;
    const rows = await session.copyIn(
      `${copyInOf(entry)} WITH (ENCODING '${encoding}', FREEZE)`,
      stored?.data ?? releasing(data),
    );
    requireCaptured(table, { sha256: stored?.sha256 ?? table.sha256 }, rows);
    return { order: 'kept', rows, sha256: table.sha256 };
  });
}

/** Reads the rows back from the server: they must be, byte by byte, what was sent. */
export async function verifyRows(session: Session, to: RowsToLoad, loaded: Loaded): Promise<void> {
  const { table, entry, encoding, mask } = to;
  await asking(`read back ${table.schema}.${table.table}`, async () => {
    const copy = `${copyOutOf(entry, mask)} WITH (ENCODING '${encoding}')`;
    const back = await (loaded.order === 'kept' ? readInOrder : readInAnyOrder)(session, copy);
    if (back.sha256 !== loaded.sha256 || back.rows !== loaded.rows)
      differ(table, `${loaded.rows} rows went in, and ${back.rows} came out that are not those`);
  });
}

type Read = Pick<Loaded, 'rows' | 'sha256'>;

async function readInOrder(session: Session, copy: string): Promise<Read> {
  const hash = createHash('sha256');
  const rows = await session.readRows(copy, (bytes) => hash.update(bytes));
  return { rows, sha256: hash.digest('hex') };
}

async function readInAnyOrder(session: Session, copy: string): Promise<Read> {
  const copied = session.copyOut(copy);
  const back = digestedRows(copied.data);
  for await (const _ of back.data);
  return { rows: copied.rows(), sha256: back.sha256 };
}

/** Fails with `RESTORE_DIFFERS` unless what was read to its end is what was captured. */
export function requireCaptured(table: TableRecord, stored: Pick<Digested, 'sha256'>, rows = table.rows): void {
  if (stored.sha256 === table.sha256 && rows === table.rows) return;
  differ(
    table,
    `${rows} rows with digest ${stored.sha256.slice(0, 12)} went in, ${table.rows} with ${table.sha256.slice(0, 12)} were captured`,
  );
}

function digestedIn(order: Order, data: Bytes): Digested {
  return order === 'kept' ? digested(data) : digestedRows(data);
}

function copyInOf({ copy }: ArchiveEntry): string {
  return copy.trim().replace(/;$/, '');
}

/**
 * What gives the rows as they were sent. A constant is what the server makes of it, `true` is `t`: where that stands, its own text is
 * given. What an expression made was never sent.
 */
function copyOutOf(entry: ArchiveEntry, mask: TableMask | undefined): string {
  const copy = copyInOf(entry);
  const made = new Map(mask?.madeByServer.map((one) => [one.column, one]));
  if (made.size === 0) return copy.replace(/ FROM stdin$/, ' TO stdout');
  const quoted = quotedNames(copy);
  const selected = columnNames(copy).map((name, i) => {
    const [one, column] = [made.get(name), quoted[i]];
    if (one === undefined) return column;
    if (one.text === undefined) return 'NULL';
    const text = `'${one.text.replaceAll("'", "''")}'`;
    return `CASE WHEN ${column}::text = (${text}::${one.type})::text THEN ${text} ELSE ${column}::text END`;
  });
  return `COPY (SELECT ${selected.join(', ')} FROM ONLY ${tableOfCopy(copy)}) TO stdout`;
}

function differ({ schema, table }: TableRecord, how: string): never {
  fail({
    code: 'RESTORE_DIFFERS',
    message: `table ${schema}.${table} is not as it should be: ${how}`,
    origin: 'source',
    permanent: true,
    hint: 'a trigger or rule of the database may have changed rows on their way in; `holdfast verify` tells whether the backup is whole',
  });
}
