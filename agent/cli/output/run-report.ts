import type { RunReport } from '../../engine/run-report.ts';
import { STAGES } from '../../workers/counters.ts';
import { formatDuration } from './duration.ts';
import type { Paint } from './paint.ts';
import { printable } from './printable.ts';
import { formatCounted, formatRate, formatSize } from './size.ts';
import { renderFacts } from './table.ts';

/** Files that are named. */
const NAMED = 3;

const MARKS = {
  ok: ['green', '✔'],
  incomplete: ['yellow', '!'],
  failed: ['red', '✖'],
  cancelled: ['yellow', '■'],
} as const;

/** What a run read, what of it was new, what was stored, and where the time went. */
export function renderRun(report: RunReport, paint: Paint): string {
  const { job, verdict, snapshot, skipped } = report;
  const [tone, mark] = MARKS[verdict];
  const ended = {
    ok: `snapshot ${snapshot?.id}`,
    incomplete: `snapshot ${snapshot?.id}, incomplete: ${formatCounted(skipped.length, 'thing')} could not be read`,
    failed: 'failed, no snapshot was made',
    cancelled: 'cancelled, no snapshot was made',
  }[verdict];
  return `${paint(tone, mark)} ${paint('bold', printable(job))}  ${ended}\n${renderFacts(facts(report), paint)}`;
}

function facts({
  totals,
  stored,
  counters,
  durationMs,
  phases,
  traceId,
  artifacts,
  snapshot,
}: RunReport): [string, string][] {
  if (snapshot === undefined) {
    return [
      ['took', formatDuration(durationMs)],
      ['trace', traceId],
    ];
  }
  const { size, entries, files, unchanged, newChunks, newBytes, storedBytes } = totals;
  const { bytesIn } = counters.stages.chunk;
  const changed = artifacts.reduce((sum, { changedWhileRead }) => sum + changedWhileRead, 0);
  const protects =
    entries > 0 ? `${formatCounted(files, 'file')}, ${formatCounted(entries, 'entry', 'entries')}` : streams(artifacts);
  return [
    ['protects', `${formatSize(size)} in ${protects}`],
    [
      'read',
      unchanged === 0
        ? formatSize(bytesIn)
        : `${formatSize(bytesIn)}; ${formatCounted(unchanged, 'unchanged file was', 'unchanged files were')} not read`,
    ],
    ...(changed === 0
      ? []
      : [
          [
            'changed',
            `${formatCounted(changed, 'file')} while being read: stored as read, and read again by the next run\n${someOf(
              artifacts.flatMap(({ changedPaths }) => changedPaths),
              changed,
            )}`,
          ] as [string, string],
        ]),
    ['new', `${formatSize(newBytes)} in ${formatCounted(newChunks, 'chunk')}`],
    [
      'stored',
      `${formatSize(storedBytes)} sealed; ${formatSize(stored.bytes)} in ${formatCounted(stored.packs, 'pack')} to each target`,
    ],
    ['took', [formatDuration(durationMs), formatRate(size, durationMs)].filter(Boolean).join(', ')],
    ['phases', phases.map(({ name, ms }) => `${name} ${formatDuration(ms)}`).join(' · ')],
    ['busy', stageTimes(counters, stored.busyMs)],
    ['trace', traceId],
  ];
}

/** Four to a line, so that it fits on a narrow terminal. */
function stageTimes(counters: RunReport['counters'], storeMs: number): string {
  const times = STAGES.map((stage) => `${stage} ${formatDuration(counters.stages[stage].busyMs)}`);
  const all = [...times, `store ${formatDuration(storeMs)}`];
  return [all.slice(0, 4), all.slice(4)].map((line) => line.join(' · ')).join('\n');
}

/** The first of them in a line; `--json` has more. */
function someOf(paths: readonly string[], count: number): string {
  const named = paths.slice(0, NAMED).map(printable);
  return [...named, ...(count > named.length ? [`${count - named.length} more`] : [])].join(', ');
}

function streams(artifacts: RunReport['artifacts']): string {
  return formatCounted(artifacts.length, 'stream');
}
