import type { AffectedPath } from '../../recovery/affected-paths.ts';
import type { PassedOver } from '../../recovery/passed-over.ts';
import type { Level, VerifyFinding, VerifyReport } from '../../recovery/verification.ts';
import type { Coverage } from '../../recovery/verify-budget.ts';
import { formatDuration } from './duration.ts';
import type { Paint } from './paint.ts';
import { printable } from './printable.ts';
import { formatCount, formatCounted, formatSize } from './size.ts';
import { renderFacts } from './table.ts';

/** So many are named on a terminal. */
const FINDINGS_SHOWN = 100;
const SNAPSHOTS_SHOWN = 12;
const PATHS_SHOWN = 12;

const MARKS = { ok: ['green', '✔'], damaged: ['red', '✖'], failed: ['red', '✖'], cancelled: ['yellow', '■'] } as const;

/** What holds when a level found nothing; each includes the ones before it. */
const PROVEN: Readonly<Record<Level, string>> = {
  list: 'every object that a snapshot needs is there, at its full length, and every signature is good',
  checksum: 'every stored object has exactly the bytes it was written with',
  decrypt: 'every frame opens with the key, and every chunk in it is the one it is named as',
  restore: 'the newest snapshot of each job was restored, read back from disk and compared',
};

/** `target`: the only one of several that was looked at. */
export function renderVerify(report: VerifyReport, paint: Paint, target?: string): string {
  const { verdict, level, checked, findings, coverage = [], durationMs, phases, traceId } = report;
  const notes = [...report.notes, ...coverage.filter(isPart).map(renderCoverage)];
  const [tone, mark] = MARKS[verdict];
  const ended = {
    ok: notes.length === 0 ? 'nothing is damaged' : 'nothing that was looked at is damaged',
    damaged: formatCounted(findings.length, 'finding'),
    failed: 'failed',
    cancelled: 'cancelled',
  };
  const { snapshots, packs, indexes, frames, bytes, restored } = checked;
  const counts = [
    formatCounted(snapshots, 'snapshot'),
    formatCounted(packs, 'pack'),
    formatCounted(indexes, 'index', 'indexes'),
    ...(frames > 0 ? [formatCounted(frames, 'frame')] : []),
    ...(restored > 0 ? [formatCounted(restored, 'restored entry', 'restored entries')] : []),
    ...(bytes > 0 ? [`${formatSize(bytes)} read`] : []),
  ];
  const facts: [string, string][] = [
    ['looked at', counts.join(', ')],
    // A note says that a part was not looked at.
    ...(verdict === 'ok' && notes.length === 0 ? [['proven', proven(level, target)] as [string, string]] : []),
    ...(notes.length > 0 ? [['note', notes.map(printable).join('\n')] as [string, string]] : []),
    ...(report.passedOver.length > 0
      ? [['passed over', report.passedOver.map(renderPassedOver).join('\n')] as [string, string]]
      : []),
    ...(report.recorded === undefined ? [] : [['recorded', recordedOn(report)] as [string, string]]),
    ['took', formatDuration(durationMs)],
    ['phases', phases.map(({ name, ms }) => `${name} ${formatDuration(ms)}`).join(' · ')],
    ['trace', traceId],
  ];
  const head = `${paint(tone, mark)} ${paint('bold', ended[verdict])}  level ${level}\n`;
  const rest = findings.length - FINDINGS_SHOWN;
  const more = rest > 0 ? `… and ${formatCounted(rest, 'finding')} more: see --json\n` : '';
  const shown = findings.slice(0, FINDINGS_SHOWN).map((finding) => renderFinding(finding, paint));
  return shown.join('') + more + head + renderFacts(facts, paint);
}

function renderPassedOver({ target, prefix, count, first }: PassedOver): string {
  return `target ${printable(target)}: ${formatCounted(count, 'object')} in ${prefix} of no approved writer or under no key of this format: ${printable(first)}${count === 1 ? '' : ' and more'}`;
}

/** The first, and how many more there are: all of them stand in the JSON document. */
function few(words: readonly string[], shown: number): readonly string[] {
  const rest = words.length - shown;
  return rest <= 0 ? words : [...words.slice(0, shown), `and ${formatCount(rest)} more`];
}

function pathWords({ snapshot, artifact, path, unread }: AffectedPath): string {
  const named = `${snapshot} ${printable(path === '' ? artifact : path)}`;
  return unread ? `${named} and what follows it: the page with their names is damaged` : named;
}

function isPart({ read, objects }: Coverage): boolean {
  return read < objects;
}

function recordedOn({ recorded = [], problems }: VerifyReport): string {
  if (recorded.length > 0) return `signed, on target ${recorded.map(printable).join(', ')}`;
  // Why it could not be written is said with each target.
  const refused = problems.some(({ code }) => code === 'CHECK_NOT_RECORDED');
  return refused ? 'nowhere' : 'nowhere: this host has no keys of this repository to sign with';
}

function renderCoverage({ target, level, read, objects, readBytes, bytes, never, oldest }: Coverage): string {
  const [what, done] = level === 'checksum' ? (['object', 'read'] as const) : (['pack', 'opened'] as const);
  const part = `target ${target}: ${formatCount(read)} of ${formatCounted(objects, what)} ${done}, ${formatSize(readBytes)} of ${formatSize(bytes)}`;
  const others = oldest === null ? '' : `, all others since ${oldest.slice(0, 10)}`;
  return never === 0
    ? `${part}; all were ${level === 'checksum' ? 'read whole' : 'opened'} since ${oldest?.slice(0, 10)}`
    : `${part}; ${formatCount(never)} never yet${others}`;
}

function proven(level: Level, target: string | undefined): string {
  if (target === undefined) return PROVEN[level];
  const on = `on target ${printable(target)}`;
  return level === 'restore' ? PROVEN.restore.replace('of each job', `of each job ${on}`) : `${on}, ${PROVEN[level]}`;
}

function renderFinding({ target, object, failure, snapshots, paths = [] }: VerifyFinding, paint: Paint): string {
  const facts: [string, string][] = [['what', `${printable(failure.message)} (${failure.code})`]];
  if (target !== undefined) facts.push(['target', printable(target)]);
  if (snapshots.length > 0) facts.push(['affects', `snapshot ${few(snapshots, SNAPSHOTS_SHOWN).join(', ')}`]);
  if (paths.length > 0) facts.push(['paths', few(paths.map(pathWords), PATHS_SHOWN).join('\n')]);
  if (failure.hint) facts.push(['hint', printable(failure.hint)]);
  return `${paint('red', '✖')} ${printable(object)}\n${renderFacts(facts, paint)}`;
}
