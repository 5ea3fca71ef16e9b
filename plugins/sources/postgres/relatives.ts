import { tableOfArtifact } from './artifact-name.ts';
import type { DatabasePlan } from './database-plan.ts';
import type { TableRecord } from './manifest.ts';
import type { DatabaseChoice } from './restore-plan.ts';

/**
 * What is made along with tables that were asked for, and is not what it was, for people: a table that they inherit from comes without
 * its rows, one that they are partitions of without its other partitions. Nothing where that table was there before.
 */
export function lackingRelatives({ choice, plan }: { choice: DatabaseChoice; plan: DatabasePlan }): string[] {
  const { tables, record, archive } = choice;
  const chosen = new Set(tables.map(({ artifact }) => artifact));
  const wanted = new Set(plan.definitions);
  const made = (artifact: string) => {
    const { schema, table } = tableOfArtifact(artifact);
    const isIt = (namespace: string, tag: string) => namespace === schema && tag === table;
    return archive.entries.some(
      ({ dumpId, desc, namespace, tag }) => desc === 'TABLE' && isIt(namespace, tag) && wanted.has(dumpId),
    );
  };
  const parents = new Set(tables.flatMap(({ ancestors }) => ancestors).filter((one) => !chosen.has(one) && made(one)));
  const others = record.tables.filter(({ artifact }) => !chosen.has(artifact));
  return others.flatMap((table) => lackOf(table, parents));
}

function lackOf({ artifact, ancestors }: TableRecord, parents: ReadonlySet<string>): string[] {
  if (parents.has(artifact)) return [`rows of ${tell(artifact)}`];
  const parent = ancestors.find((one) => parents.has(one));
  return parent === undefined ? [] : [`${tell(artifact)}, a part of ${tell(parent)}`];
}

function tell(artifact: string): string {
  const { database, schema, table } = tableOfArtifact(artifact);
  return `${database}.${schema}.${table}`;
}
