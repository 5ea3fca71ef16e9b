import { fail } from 'holdfast/plugin';
import { tableOfArtifact } from './artifact-name.ts';
import type { DatabaseRecord, ForeignKey, TableRecord } from './manifest.ts';
import { DEFAULT_LENGTH } from './masking/replacement.ts';
import type { ColumnRule } from './masking/rules.ts';

/** Rules by column. */
export type TableRules = ReadonlyMap<string, ColumnRule>;
/** By artifact. */
type Rules = ReadonlyMap<string, TableRules>;

/**
 * Looks whether keys can hold of what rules make. Fails with `MASK_KEYS` when rows would become equal that must differ, or would refer to
 * others by what those are called no more. What only the rows can tell is told: each note is a sentence for people.
 */
export function maskedKeys(record: DatabaseRecord, tables: readonly TableRecord[], rules: Rules): string[] {
  const restored = new Set(tables.map(({ artifact }) => artifact));
  const broken: string[] = [];
  const notes: string[] = [];
  for (const { name, artifact, columns } of record.uniqueKeys) {
    const own = rules.get(artifact);
    if (!restored.has(artifact) || own === undefined) continue;
    if (columns.every((column) => own.get(column)?.with === 'constant'))
      broken.push(`${name} is unique, and every row of ${tell(artifact)} would have the same ${columns.join(', ')}`);
  }
  for (const key of record.foreignKeys) {
    const parent = holderOf(key.references, tables);
    if (!restored.has(key.artifact) || parent === undefined) continue;
    const held = references(key, rules.get(key.artifact), rules.get(parent));
    const what = `${tell(key.artifact)} (${key.columns.join(', ')}) refers to ${tell(key.references)} (${key.referenced.join(', ')})`;
    if (held === 'no') broken.push(`${what}, and the rules of the two differ`);
    if (held === 'unknown') notes.push(`${what}: whether it still does with these rules, the server will say`);
  }
  if (broken.length > 0) refuse(broken);
  return [...new Set(notes)];
}

/** A partitioned table has no rows of its own: its rules are those of its partitions. */
function holderOf(artifact: string, tables: readonly TableRecord[]): string | undefined {
  return tables.find((table) => table.artifact === artifact || table.ancestors.includes(artifact))?.artifact;
}

/** Whether rows still refer to the rows they referred to. A column that is NULL refers to nothing. */
function references(
  { columns, referenced }: ForeignKey,
  child: TableRules | undefined,
  parent: TableRules | undefined,
): 'yes' | 'no' | 'unknown' {
  const pairs = columns.map((column, i) => [child?.get(column), parent?.get(referenced[i] ?? '')] as const);
  if (pairs.some(([rule]) => rule?.with === 'null' || rule?.with === null)) return 'yes';
  if (pairs.some(([one, other]) => isUnforetold(one) || isUnforetold(other))) return 'unknown';
  return pairs.every(([one, other]) => effect(one) === effect(other)) ? 'yes' : 'no';
}

function isUnforetold(rule: ColumnRule | undefined): boolean {
  return rule?.with === 'sql' || rule?.with === 'constant';
}

/** Equal for rules that make the same of the same value. */
function effect(rule: ColumnRule | undefined): string {
  if (rule?.with === 'hash') return JSON.stringify(['hash', rule.domain ?? '', rule.length ?? DEFAULT_LENGTH]);
  return rule?.with === 'fake' ? JSON.stringify(['fake', rule.domain ?? '']) : 'none';
}

function tell(artifact: string): string {
  const { schema, table } = tableOfArtifact(artifact);
  return `${schema}.${table}`;
}

function refuse(broken: readonly string[]): never {
  fail({
    code: 'MASK_KEYS',
    message: `with these rules keys would not hold: ${broken.join('; ')}`,
    origin: 'policy',
    permanent: true,
    hint: 'give both columns of a foreign key the same rule (and domain), and unique columns hash or fake; nothing was restored',
  });
}
