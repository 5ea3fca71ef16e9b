import type { ArchiveEntry } from './archive.ts';
import { asking } from './failure.ts';
import type { Session } from './session.ts';

/** As dumpSequenceData() of pg_dump.c writes it. */
const SET = /setval\('((?:[^']|'')*)', (-?\d+), (true|false)\)/;

/**
 * Moves sequences that are there on to where they were when rows were captured that take the place of others, or the next row would get
 * the number of one of them. Never back: a number that was given away since may stand elsewhere.
 */
export async function moveSequencesOn(session: Session, entries: readonly ArchiveEntry[]): Promise<void> {
  await asking('move sequences on', async () => {
    for (const { desc, definition } of entries) {
      const [, name, value, called] = (desc === 'SEQUENCE SET' && SET.exec(definition)) || [];
      if (name === undefined || value === undefined || called === undefined) continue;
      await session.rows(
        `SELECT pg_catalog.setval($1::regclass, $2::bigint, $3::boolean)
         FROM pg_catalog.pg_sequences s
         WHERE pg_catalog.format('%I.%I', s.schemaname, s.sequencename)::regclass = $1::regclass
           AND (s.last_value IS NULL OR sign(s.increment_by) * ($2::numeric - s.last_value) > 0)`,
        [name.replaceAll("''", "'"), value, called],
      );
    }
  });
}
