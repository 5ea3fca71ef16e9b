import { fail, type Masked } from 'holdfast/plugin';
import { tableOfArtifact } from './artifact-name.ts';
import { columnNames } from './copy-columns.ts';
import type { DatabaseRecord, Manifest, TableRecord } from './manifest.ts';
import { maskedKeys, type TableRules } from './masked-keys.ts';
import { Masking, refuseUnfit } from './masking/masking.ts';
import type { ColumnRule } from './masking/rules.ts';
import { nameOf, type TableMask } from './masking/table-mask.ts';
import { type DatabaseChoice, dataEntry } from './restore-plan.ts';
import type { RestoringOptions } from './restoring-options.ts';

/** What is done to the rows of a restore on their way. Without rules they go by as they are. */
export class RestoreMask {
  readonly #masking: Masking | undefined;
  readonly #tables = new Map<string, TableMask>();
  /** What nobody can foretell, and what rules do not reach: for people. */
  readonly #notes: string[] = [];

  private constructor(masking: Masking | undefined) {
    this.#masking = masking;
  }

  /**
   * The rules that the request names, looked at against all tables of the snapshot: one that means nothing there is an error, and so is
   * one that cannot be followed. `restored`: the artifacts of tables whose rows are restored. Nothing is written yet.
   */
  static async open(
    { options, host, request }: Omit<RestoringOptions, 'from'>,
    manifest: Manifest,
    choices: readonly DatabaseChoice[],
    restored: ReadonlySet<string>,
  ): Promise<RestoreMask> {
    const rules = request.mask === undefined ? undefined : options.masks?.[request.mask];
    if (rules === undefined) return request.mask === undefined ? new RestoreMask(undefined) : unknown(request.mask);
    const keyed = rules.rules.some(({ columns }) => Object.values(columns).some(needsKey));
    const key = keyed && rules.key !== undefined ? Buffer.from(await host.secret(rules.key)) : undefined;
    const mask = new RestoreMask(Masking.open(rules, key));
    mask.#check(manifest, choices, restored);
    return mask;
  }

  /** The mask of a table; undefined when all its rows stay as they are. */
  of({ artifact }: Pick<TableRecord, 'artifact'>): TableMask | undefined {
    return this.#tables.get(artifact);
  }

  /** Whether rules were asked for. */
  get isOn(): boolean {
    return this.#masking !== undefined;
  }

  /** What was masked of the tables that were restored. */
  get report(): Masked[] {
    return this.#masking?.report() ?? [];
  }

  /** What will be done, for people. */
  get steps(): string[] {
    if (!this.isOn) return [];
    const masks = [...this.#tables.values()].map(
      (mask) => `mask ${mask.name}: ${mask.masked.map(({ column, with: way }) => `${column} (${way})`).join(', ')}`,
    );
    return [...(masks.length > 0 ? masks : ['mask nothing: no rule means what is restored']), ...this.#notes];
  }

  #check(manifest: Manifest, choices: readonly DatabaseChoice[], restored: ReadonlySet<string>): void {
    const masking = this.#masking;
    if (masking === undefined) return;
    const rules = new Map<string, TableRules>();
    for (const database of manifest.databases)
      for (const table of database.tables) rules.set(table.artifact, masking.match(namesOf(table)));
    masking.refuseIdle();
    for (const choice of choices) {
      const tables = choice.tables.filter(({ artifact }) => restored.has(artifact));
      for (const table of tables) this.#add(masking, choice, table, rules.get(table.artifact) ?? new Map());
      this.#notes.push(...maskedKeys(choice.record, tables, rules));
      this.#notes.push(...unreached(choice));
    }
  }

  #add(masking: Masking, choice: DatabaseChoice, table: TableRecord, rules: TableRules): void {
    const { record } = choice;
    const unfit = table.columns.filter(({ name, generated }) => generated && rules.has(name));
    if (unfit.length > 0)
      refuseUnfit(
        nameOf({ database: record.name, ...table }),
        unfit.map(({ name }) => `${name}: it is generated from other columns, mask those`),
      );
    const columns = copiedColumns(record, table, columnNames(dataEntry(choice, table).copy));
    const mask = masking.forTable({ ...namesOf(table), columns, encoding: record.encoding });
    if (mask === undefined) return;
    this.#tables.set(table.artifact, mask);
    const deciding = table.columns.filter(({ name, partitions }) => partitions && rules.has(name));
    for (const { name } of deciding)
      this.#notes.push(
        `${mask.name} is a partition by ${name}: a masked row that does not fit in it fails the restore`,
      );
  }
}

function namesOf(table: TableRecord) {
  const { database } = tableOfArtifact(table.artifact);
  const columns = table.columns.map(({ name }) => name);
  return {
    database,
    schema: table.schema,
    table: table.table,
    columns,
    ancestors: table.ancestors.map(tableOfArtifact),
  };
}

/** The columns that rows have fields of, in their order. */
function copiedColumns(record: DatabaseRecord, table: TableRecord, names: readonly string[]) {
  return names.map(
    (name) =>
      table.columns.find((column) => column.name === name) ??
      fail({
        code: 'ARCHIVE_INVALID',
        message: `the definitions of ${record.name} have column ${name} of ${table.artifact}, and the snapshot says nothing of it`,
        origin: 'source',
        permanent: true,
        hint: 'restore another snapshot: `holdfast snapshots` lists them',
      }),
  );
}

function needsKey(rule: ColumnRule): boolean {
  return rule.with === 'hash' || rule.with === 'fake';
}

/** What has values beside the columns of tables. */
function unreached({ record, largeObjects }: DatabaseChoice): string[] {
  if (!largeObjects) return [];
  return [`the large objects of ${record.name} go by as they are: rules mean columns`];
}

function unknown(name: string): never {
  return fail({
    code: 'MASK_UNKNOWN',
    message: `there are no masks called ${name}`,
    origin: 'policy',
    permanent: true,
    hint: 'see masks of the source in the policy',
  });
}
