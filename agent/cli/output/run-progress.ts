import type { Job } from '../../config/policy.ts';
import type { Progress } from '../../engine/progress.ts';
import type { Advance } from './progress.ts';
import { formatCounted, formatSize } from './size.ts';

/** Streams that are named at a time, the largest first. */
const NAMED = 2;

/** What a run shows of how far it is. */
export function advanceOf({ name }: Pick<Job, 'name'>, progress: Progress): Advance {
  const { phase, bytes, bytesStored, expectedBytes = 0, skipped } = progress;
  return {
    label: `${name} ${phase}`,
    done: bytes,
    // Of the last run: a source that grew since then has no known total.
    ...(expectedBytes >= bytes && expectedBytes > 0 && { total: expectedBytes }),
    notes: [
      ...captured(progress),
      ...(skipped > 0 ? [`${skipped} skipped`] : []),
      ...(bytesStored > 0 ? [`${formatSize(bytesStored)} stored`] : []),
    ],
  };
}

/** Files, by their number; streams, such as the rows of tables, by their names: one may take longer than all others. */
function captured({ entries, artifacts, streams }: Progress): string[] {
  const counted = formatCounted(entries, 'entry', 'entries');
  if (streams.size === 0) return entries === 0 && artifacts > 0 ? [`${artifacts} done`] : [counted];
  const largest = [...streams].sort(([, a], [, b]) => b - a);
  const named = largest.slice(0, NAMED).map(([stream, size]) => `${stream} ${formatSize(size)}`);
  const more = largest.length - named.length;
  return [...(entries > 0 ? [counted] : []), `${artifacts} done`, ...named, ...(more > 0 ? [`and ${more} more`] : [])];
}
