import type { Failure, Reader, RestoreRequest, Sink } from 'holdfast/plugin';
import type { Ancestors } from './ancestors.ts';
import { databaseFolder, largeObjectsArtifact, tableArtifact } from './artifact-name.ts';
import type { AbsenceRecord, Manifest } from './manifest.ts';
import type { Skipped } from './restore-plan.ts';

/** What a backup could not capture: told to the run, and kept for who restores it. */
export class Absences {
  readonly records: AbsenceRecord[] = [];
  readonly #out: Pick<Sink, 'skip'>;

  constructor(out: Pick<Sink, 'skip'>) {
    this.#out = out;
  }

  database(name: string, failure: Failure): void {
    this.#add(name, failure, { artifact: databaseFolder(name), folder: true, ancestors: [] });
  }

  table(
    database: string,
    { schema, table, ancestors }: { readonly schema: string; readonly table: string; readonly ancestors: Ancestors },
    failure: Failure,
  ): void {
    this.#add(`${database}.${schema}.${table}`, failure, {
      artifact: tableArtifact(database, schema, table),
      ancestors: ancestors.map((one) => tableArtifact(database, one.schema, one.table)),
    });
  }

  largeObjects(database: string, count: number, failure: Failure): void {
    const artifact = largeObjectsArtifact(database);
    this.#add(`${database}: ${count} large objects`, failure, { artifact, ancestors: [] });
  }

  #add(what: string, failure: Failure, where: Pick<AbsenceRecord, 'artifact' | 'folder' | 'ancestors'>): void {
    this.#out.skip(what, failure);
    this.records.push({ what, why: failure.message, ...where });
  }
}

/** What a restore asks for and its snapshot has not got. */
export function absentFrom({ absent = [] }: Manifest, { select }: RestoreRequest, from: Reader): Skipped[] {
  const selects = from.selection((select ?? []) as readonly string[]);
  // All names are asked, so that a pattern that means nothing else has meant this.
  const wanted = absent.filter(({ artifact, ancestors, folder = false }) =>
    [selects(Buffer.from(artifact), folder), ...ancestors.map((one) => selects(Buffer.from(one), false))].includes(
      true,
    ),
  );
  return wanted.map(({ what, why }) => ({
    what,
    failure: {
      code: 'SNAPSHOT_LACKS',
      message: `${what} is not in this snapshot: when it was made, ${why}`,
      origin: 'source',
      permanent: true,
      hint: 'an older snapshot may have it: `holdfast snapshots` lists them, --at chooses one',
    },
  }));
}
