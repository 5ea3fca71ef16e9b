import type { Host, Reader } from 'holdfast/plugin';
import type { DatabasePlan } from './database-plan.ts';
import type { TableRecord } from './manifest.ts';
import type { Programs } from './programs.ts';
import type { RestoreMask } from './restore-mask.ts';
import { type DatabaseChoice, dataEntry } from './restore-plan.ts';
import type { RowsToLoad } from './restore-rows.ts';
import type { Address } from './session.ts';

/** All that is needed to carry out the plan of one database. */
export interface DatabaseRestoreOptions {
  readonly plan: DatabasePlan;
  readonly choice: DatabaseChoice;
  readonly address: Address;
  readonly programs: Programs;
  readonly host: Host;
  readonly from: Reader;
  readonly parallel: number;
  /** Whether rows are read back from the server. */
  readonly readBack: boolean;
  readonly mask: RestoreMask;
  /** Whether what is made is given to who owned it. */
  readonly owners: boolean;
}

/** The rows of a table, and how they go in. */
export function rowsOf({ from, choice, mask }: DatabaseRestoreOptions, table: TableRecord): RowsToLoad {
  const entry = dataEntry(choice, table);
  const { encoding } = choice.record;
  return { table, entry, data: from.bytes(table.artifact), encoding, mask: mask.of(table) };
}
