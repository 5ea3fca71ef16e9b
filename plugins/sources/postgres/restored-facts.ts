import type { Json } from 'holdfast/plugin';
import type { DatabasePlan } from './database-plan.ts';
import { lackingRelatives } from './relatives.ts';
import type { RestoreMask } from './restore-mask.ts';
import type { DatabaseChoice } from './restore-plan.ts';

export interface RestoredOptions {
  readonly choices: readonly DatabaseChoice[];
  readonly plans: readonly DatabasePlan[];
  readonly mask: RestoreMask;
  readonly readBack: boolean;
}

/**
 * What was restored, what was there and stayed as it was, what came without something that belongs to it. And what was proven: how many rows the server gave back, or took, byte by byte as they were captured, or as they left the agent.
 */
export function restoredFacts({ choices, plans, mask, readBack }: RestoredOptions): Json {
  const restored = restoredTables(plans);
  const tables = choices.flatMap((choice) => choice.tables).filter(({ artifact }) => restored.has(artifact));
  const masked = tables.filter((table) => mask.of(table) !== undefined);
  const [seen, done] = readBack ? ['read back from the server', 'read back from'] : ['sent to the server', 'sent to'];
  const plain = `number and SHA-256 of the rows of ${masked.length === 0 ? 'each table' : 'tables without rules'}, ${seen}, are those that were captured`;
  const replaced = `of ${masked.length} masked tables, what was read from the backup is what was captured, and what was ${done} the server is what masking made of it`;
  const said = [...(masked.length < tables.length ? [plain] : []), ...(masked.length > 0 ? [replaced] : [])];
  const left = plans.flatMap((plan) => [...plan.left, ...plan.kept]);
  const without = plans.flatMap((plan) => {
    const choice = choices.find(({ record }) => record.name === plan.source);
    return choice === undefined ? [] : lackingRelatives({ choice, plan });
  });
  return {
    tables: tables.length,
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    ...(left.length > 0 ? { left } : {}),
    ...(without.length > 0 ? { without } : {}),
    ...(said.length > 0 ? { verified: said.join('; ') } : {}),
  };
}

/** Artifacts of the tables whose rows are restored. */
export function restoredTables(plans: readonly DatabasePlan[]): Set<string> {
  return new Set(plans.flatMap(({ load, replace }) => [...load, ...replace]));
}
