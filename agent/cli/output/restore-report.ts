import type { Json } from '../../contract/index.ts';
import type { RestoreReport } from '../../recovery/restore.ts';
import { changeWords } from './change-list.ts';
import { formatDuration, formatTime } from './duration.ts';
import { maskedLines } from './masked-lines.ts';
import type { Paint } from './paint.ts';
import { printable } from './printable.ts';
import { formatCount, formatCounted, formatRate, formatSize } from './size.ts';
import { renderFacts } from './table.ts';

const MARKS = {
  ok: ['green', '✔'],
  planned: ['cyan', '·'],
  incomplete: ['yellow', '!'],
  failed: ['red', '✖'],
  cancelled: ['yellow', '■'],
} as const;

/** What was restored from where to where, and what that proved. */
export function renderRestore(report: RestoreReport, into: string, paint: Paint): string {
  const { source, verdict, snapshot, durationMs, phases, traceId, steps, bytes, fetchedBytes, totals, facts } = report;
  const [tone, mark] = MARKS[verdict];
  const ended = {
    ok: '',
    planned: 'would be restored',
    incomplete: 'incomplete',
    failed: 'failed',
    cancelled: 'cancelled',
  };
  const lines: [string, string][] = [];
  if (snapshot) {
    const { id, finished, host, job } = snapshot;
    lines.push([
      'snapshot',
      `${id} of ${formatTime(new Date(finished))}, job ${printable(job)}, host ${printable(host)}`,
    ]);
  }
  if (verdict === 'planned') lines.push(['steps', steps.map(printable).join('\n')]);
  if (verdict === 'planned' && totals) lines.push(['changes', changeWords(totals)]);
  if (verdict === 'ok' || verdict === 'incomplete') {
    lines.push(['restored', [formatSize(bytes), ...factWords(facts)].join(', ')]);
    if (report.masked.length > 0) lines.push(['masked', maskedLines(report.masked).join('\n')]);
    lines.push(['into', printable(into)]);
    lines.push(['fetched', `${formatSize(fetchedBytes)} from targets`]);
    lines.push(['took', [formatDuration(durationMs), formatRate(bytes, durationMs)].filter(Boolean).join(', ')]);
    lines.push(['phases', phases.map(({ name, ms }) => `${name} ${formatDuration(ms)}`).join(' · ')]);
    if (bytes > 0)
      lines.push(['proven', 'every byte was authenticated and matched against its id before it was written']);
  }
  if (verdict !== 'planned') lines.push(['trace', traceId]);
  const head = [paint('bold', printable(source)), ended[verdict]].filter(Boolean).join('  ');
  return `${paint(tone, mark)} ${head}\n${renderFacts(lines, paint)}`;
}

/** Parts of a list that are named. */
const NAMED = 10;

function someOf(list: readonly Json[]): string {
  const more = list.length - NAMED;
  const named = list.slice(0, NAMED).map((one) => printable(String(one)));
  return `${named.join(', ')}${more > 0 ? ` and ${formatCounted(more, 'other')}` : ''}`;
}

/** `{ files: 3, symlinks: 1, owners: 'set' }` in words: `3 files, 1 symlink, owners set`. What is none is not said. */
function factWords(facts: Json): string[] {
  if (typeof facts !== 'object' || facts === null || Array.isArray(facts)) return [];
  // The agent has counted the bytes itself.
  const said = Object.entries(facts).filter(([name, value]) => value !== 0 && name !== 'bytes');
  return said.map(([name, value]) => {
    if (Array.isArray(value)) return `${printable(name)} ${someOf(value)}`;
    if (typeof value !== 'number') return `${printable(name)} ${printable(String(value))}`;
    return `${formatCount(value)} ${printable(value === 1 ? name.replace(/s$/, '') : name)}`;
  });
}
