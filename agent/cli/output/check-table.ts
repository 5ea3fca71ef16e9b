import type { CheckedPart, CheckRecord } from '../../repository/check-record.ts';
import { formatAge, formatDuration, formatTime } from './duration.ts';
import type { Paint } from './paint.ts';
import { printable } from './printable.ts';
import { formatCount, formatCounted, formatSize } from './size.ts';
import { renderTable } from './table.ts';

/** One verification of one target, as it is shown. */
export interface ShownCheck extends CheckRecord {
  readonly key: string;
  /** Of the host that signed it, as far as it says. */
  readonly host: string;
  /** Whether it looked at all there was. */
  readonly whole: boolean;
}

const COLUMNS = [
  { title: 'TARGET' },
  { title: 'LEVEL' },
  { title: 'ENDED' },
  { title: 'AGE' },
  { title: 'TOOK', align: 'right' },
  { title: 'BY' },
  { title: 'VERDICT' },
  { title: 'LOOKED AT' },
  { title: '' },
] as const;

/** What was verified on each target, one verification a line. */
export function renderChecks(checks: readonly ShownCheck[], { paint, now }: { paint: Paint; now: Date }): string {
  const rows = checks.map((check) => {
    const [begun, ended] = [new Date(check.begun), new Date(check.ended)];
    return [
      paint('cyan', printable(check.target)),
      check.level,
      formatTime(ended),
      formatAge(ended, now),
      // A clock that was put back meanwhile.
      formatDuration(Math.max(0, ended.getTime() - begun.getTime())),
      printable(check.host === '' ? check.writer.slice(0, 8) : check.host),
      check.verdict === 'ok' ? paint('green', 'ok') : paint('red', check.verdict),
      lookedAt(check),
      paint('yellow', remarks(check).join('; ')),
    ];
  });
  return renderTable(COLUMNS, rows, paint);
}

function lookedAt({ coverage, snapshots, restored }: ShownCheck): string {
  return [
    formatCounted(snapshots, 'snapshot'),
    ...coverage.map(part),
    ...(restored === 0 ? [] : [formatCounted(restored, 'restored entry', 'restored entries')]),
  ].join(', ');
}

function part({ level, read, objects, readBytes, bytes }: CheckedPart): string {
  const what = level === 'checksum' ? 'object' : 'pack';
  const done = level === 'checksum' ? 'read' : 'opened';
  return read === objects
    ? `all ${formatCounted(objects, what)} ${done} (${formatSize(bytes)})`
    : `${formatCount(read)} of ${formatCounted(objects, what)} ${done} (${formatSize(readBytes)} of ${formatSize(bytes)})`;
}

function remarks({ source, findings }: ShownCheck): string[] {
  const codes = findings.map(({ code, count }) => `${formatCount(count)} ${printable(code)}`);
  return [...(source === '' ? [] : [`source ${printable(source)} alone`]), ...codes];
}
