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
  const { job, verdict, snapshot } = report;
  const [tone, mark] = MARKS[verdict];
  const ended = {
    ok: `snapshot ${snapshot?.id}`,
    incomplete: `snapshot ${snapshot?.id}, incomplete: ${lacks(report)}`,
    failed: 'failed, no snapshot was made',
    cancelled: 'cancelled, no snapshot was made',
  }[verdict];
  return `${paint(tone, mark)} ${paint('bold', printable(job))}  ${ended}\n${renderFacts(facts(report), paint)}`;
}

/** What keeps a run from being complete: things that it does not hold, targets that do not hold it. */
function lacks({ skipped, targets }: RunReport): string {
  const leftOut = targets.filter(({ state }) => state === 'left out').map(({ name }) => printable(name));
  return [
    ...(skipped.length === 0 ? [] : [`${formatCounted(skipped.length, 'thing')} could not be read`]),
    ...(leftOut.length === 0 ? [] : [`not on target ${leftOut.join(', ')}`]),
  ].join('; ');
}

/** What targets that lagged were given. */
function copies({ targets }: RunReport): [string, string][] {
  return targets.flatMap(({ name, copied }): [string, string][] => {
    if (copied === undefined) return [];
    const { snapshots, packs, bytes } = copied;
    const what = `${formatCounted(snapshots, 'snapshot')}, ${formatCounted(packs, 'pack')} (${formatSize(bytes)})`;
    return [['copied', `${what} that target ${printable(name)} lacked`]];
  });
}

function facts(report: RunReport): [string, string][] {
  const { totals, stored, counters, durationMs, phases, traceId, artifacts, snapshot } = report;
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
      `${formatSize(storedBytes)} sealed; ${formatSize(stored.bytes)} in ${formatCounted(stored.packs, 'pack')} to ${targetWords(report)}`,
    ],
    ...copies(report),
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

function targetWords({ targets }: RunReport): string {
  const reached = targets.filter(({ state }) => state === 'stored').length;
  return reached === targets.length ? 'each target' : `${reached} of ${formatCounted(targets.length, 'target')}`;
}
