import type { Amount, DomainPruned, TargetPruned, UnendedRun } from '../../pruning/prune-report.ts';
import { formatTime } from './duration.ts';
import type { Paint } from './paint.ts';
import { printable } from './printable.ts';
import { formatCount, formatCounted, formatSize } from './size.ts';
import { renderFacts, renderTable } from './table.ts';

const COLUMNS = [
  { title: 'DOMAIN' },
  { title: 'NEEDED', align: 'right' },
  { title: 'UNUSED', align: 'right' },
  { title: 'DELETED', align: 'right' },
  { title: 'MARKED', align: 'right' },
  { title: 'MOVED', align: 'right' },
  { title: '' },
] as const;

/** What pruning a target came to, or would come to. */
export function renderPruned({ target, domains, checks, capacity }: TargetPruned, paint: Paint): string {
  const room =
    capacity?.total === undefined
      ? ''
      : `, ${formatSize(capacity.used)} of ${formatSize(capacity.total)} in use there (${Math.round((100 * capacity.used) / capacity.total)} %)`;
  const title = `${paint('bold', `target ${printable(target)}`)}${room}`;
  const rows = domains.map((one) => [
    printable(one.domain),
    formatSize(one.used),
    formatSize(one.unused),
    spoken(one.deleted),
    spoken(one.marked),
    spoken(one.repacked),
    paint('yellow', remarksOn(one).join('; ')),
  ]);
  const old: [string, string][] = [['checks', `${formatCounted(checks, 'old record')} of verify cleared away`]];
  const facts = [...domains.flatMap(notesOn), ...(checks === 0 ? [] : old)];
  return `${title}\n${renderTable(COLUMNS, rows, paint)}${facts.length === 0 ? '' : renderFacts(facts, paint)}`;
}

function spoken({ count, bytes }: Amount): string {
  return count === 0 ? '–' : `${formatSize(bytes)} (${formatCounted(count, 'pack')})`;
}

function remarksOn(one: DomainPruned): string[] {
  return [
    ...(one.snapshots === 0 ? [] : [`${formatCounted(one.snapshots, 'forgotten snapshot')} cleared away`]),
    ...(one.keptAfterAll === 0 ? [] : [`${formatCounted(one.keptAfterAll, 'marked pack')} needed again`]),
    ...(one.unclaimed.count === 0
      ? []
      : [`${formatSize(one.unclaimed.bytes)} left for runs that made no snapshot yet`]),
    ...(one.unfinished ? ['time was up'] : []),
  ];
}

function notesOn({ domain, next, fenced, waitingFor }: DomainPruned): [string, string][] {
  const name = printable(domain);
  return [
    ...(next === undefined ? [] : [[name, `marked packs can be deleted from ${formatTime(new Date(next))}`] as const]),
    ...fenced.map((run): [string, string] => [
      name,
      `takes for dead the run that ${began(run)}: ${run.snapshot} is void, and nothing waits for it`,
    ]),
    ...waitingFor.map((run): [string, string] => [
      name,
      `waits for the run that ${began(run)} and has not ended: ${run.snapshot}${endsBy(run)}`,
    ]),
  ].map(([what, text]) => [what, text]);
}

/** What ends it, where nobody here knows whether it goes on. */
function endsBy({ ours, copies, writer }: UnendedRun): string {
  if (ours) return '';
  const next = '; the next run of that job ends it, and where that host is gone for good';
  return copies
    ? `${next}, \`holdfast repair\`, which copies it as well`
    : `${next}, \`holdfast prune --gone ${writer.slice(0, 8)}\``;
}

function began({ host, writer, since }: UnendedRun): string {
  const who = host === undefined ? '' : `${printable(host)}, `;
  return `${who}writer ${writer.slice(0, 8)}, began ${formatTime(new Date(since))}`;
}

/** In one sentence: `12 packs deleted (3.1 GiB), 4 marked`. */
export function summarisePruned(targets: readonly TargetPruned[]): string {
  const all = targets.flatMap(({ domains }) => domains);
  const total = (of: (one: DomainPruned) => Amount) =>
    all.reduce((sum, one) => ({ count: sum.count + of(one).count, bytes: sum.bytes + of(one).bytes }), {
      count: 0,
      bytes: 0,
    });
  const [deleted, marked, moved] = [total((o) => o.deleted), total((o) => o.marked), total((o) => o.repacked)];
  return [
    `${formatCounted(deleted.count, 'pack')} deleted (${formatSize(deleted.bytes)})`,
    `${formatCount(marked.count)} marked (${formatSize(marked.bytes)})`,
    `${formatCount(moved.count)} moved (${formatSize(moved.bytes)})`,
  ].join(', ');
}
