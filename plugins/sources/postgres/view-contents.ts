import type { ArchiveEntry } from './archive.ts';
import { codeOf, serverFailure } from './failure.ts';
import type { Skipped } from './restore-plan.ts';
import type { Session } from './session.ts';

const REFRESH = 'MATERIALIZED VIEW DATA';
/** SQLSTATEs but for those of the connection, of what the server lacks, and of the operator: then it is not the view that is wrong. */
const ITS_FAULT = /^(?!08|53|57|58|XX)[0-9A-Z]{5}$/;

export function isViewContent({ desc }: ArchiveEntry): boolean {
  return desc === REFRESH;
}

/**
 * Fills materialized views, in the order of the archive, in which those that others are made of come first. They are made of what was
 * restored, and a query that worked once may fail now: such a view stays empty and is named, and all that was restored stays.
 */
export async function fillViews(session: Session, entries: readonly ArchiveEntry[]): Promise<Skipped[]> {
  const skipped: Skipped[] = [];
  for (const { namespace, tag, definition } of entries.filter(isViewContent)) {
    try {
      await session.run(definition.trim().replace(/;$/, ''));
    } catch (error) {
      if (!ITS_FAULT.test(codeOf(error))) throw error;
      const failure = serverFailure(error, `fill materialized view ${namespace}.${tag}`);
      const hint =
        'mend what its query needs, then REFRESH MATERIALIZED VIEW; names without a schema are not found while it is filled';
      skipped.push({
        what: `rows of materialized view ${namespace}.${tag}`,
        failure: { ...failure, code: 'RESTORE_VIEW', permanent: true, hint },
      });
    }
  }
  return skipped;
}
