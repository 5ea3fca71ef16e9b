import type { DifferenceTotals } from '../../recovery/difference-totals.ts';
import { ASPECTS, type Aspect, type EntryDifference } from '../../recovery/entry-difference.ts';
import type { SnapshotChange, StreamChange } from '../../recovery/snapshot-difference.ts';
import type { EntryChange } from '../../recovery/tree-difference.ts';
import type { StoredSnapshot } from '../../repository/snapshots.ts';
import { formatTime } from './duration.ts';
import { nameOf, pointsTo, type ShownEntry } from './entry-text.ts';
import type { Paint, Tone } from './paint.ts';
import { printable } from './printable.ts';
import { formatCount, formatCounted, formatSize } from './size.ts';
import { renderFacts } from './table.ts';

const LETTERS: Readonly<Record<Exclude<Aspect, 'kind'>, string>> = {
  content: 'c',
  mode: 'm',
  owner: 'o',
  time: 't',
  xattrs: 'x',
  flags: 'f',
  link: 'l',
};
/** Nothing changed. */
export const NOTHING = '.'.repeat(Object.keys(LETTERS).length);

/** `c..t...`: a letter for all that changed, `?` for content of which it is not known. */
export function aspectLetters({ aspects, contentUnknown }: EntryDifference): string {
  return ASPECTS.flatMap((aspect) => {
    if (aspect === 'kind') return [];
    if (aspect === 'content' && contentUnknown) return ['?'];
    return [aspects.includes(aspect) ? LETTERS[aspect] : '.'];
  }).join('');
}

/** The two that are compared, one below the other, with a line left free behind them. */
export function renderPair(before: StoredSnapshot, after: StoredSnapshot, paint: Paint): string {
  const words = ({ id, opened: { header } }: StoredSnapshot) =>
    `${paint('cyan', id)}  ${formatTime(new Date(header.finished))}  job ${printable(header.job)}, host ${printable(header.host)}`;
  return renderFacts(
    [
      ['from', words(before)],
      ['to', words(after)],
    ],
    paint,
    0,
  );
}

/** One line, without its end. */
export function changeLine(found: SnapshotChange, paint: Paint): string {
  return 'stream' in found ? streamChangeLine(found.part, found.stream, paint) : entryChangeLine(found.entry, paint);
}

/** `same`: how many entries are, where it is known. */
export function renderTotals(
  { added, removed, skipped, changed, unknown }: DifferenceTotals,
  same: number | undefined,
): string {
  const found = [
    added.entries > 0 && `${formatCount(added.entries)} added (${formatSize(added.bytes)})`,
    removed.entries > 0 && `${formatCount(removed.entries)} removed (${formatSize(removed.bytes)})`,
    skipped.entries > 0 && `${formatCount(skipped.entries)} unknown, skipped (${formatSize(skipped.bytes)})`,
    changed.entries > 0 && `${formatCount(changed.entries)} changed (${changedBytes(changed)})`,
    unknown > 0 && `of these ${formatCount(unknown)} perhaps only in time`,
    same !== undefined && `${formatCount(same)} the same`,
  ].filter((text) => text !== false);
  const nothing = added.entries + removed.entries + skipped.entries + changed.entries === 0;
  return nothing
    ? `No difference${same === undefined ? '' : ` in ${formatCounted(same, 'entry', 'entries')}`}.\n`
    : `\n${found.join(', ')}\n`;
}

function changedBytes({ bytesBefore, bytesAfter }: DifferenceTotals['changed']): string {
  const grown = bytesAfter - bytesBefore;
  return grown === 0 ? formatSize(bytesAfter) : `${formatSize(bytesAfter)}, ${signed(grown)}`;
}

function entryChangeLine(change: EntryChange, paint: Paint): string {
  if (change.change !== 'changed') {
    const entry = change.change === 'added' ? change.after : change.before;
    const mark = MARKS[change.change];
    return line(mark, NOTHING, fileSize(entry), undefined, nameOf(entry) + pointsTo(entry), paint);
  }
  const { before, after, difference } = change;
  const name = nameOf(after) + pointsTo(after);
  const [was, is] = [fileSize(before), fileSize(after)];
  if (difference.aspects.includes('kind'))
    return line('T', NOTHING, is, undefined, `${name} (was ${kindOf(before)})`, paint);
  const moved = difference.aspects.includes('link') && before.kind !== 'file' ? ` (was${pointsTo(before)})` : '';
  const grown = was === undefined || is === undefined ? undefined : is - was;
  return line('M', aspectLetters(difference), is, grown, name + moved, paint);
}

function streamChangeLine(part: string, stream: StreamChange, paint: Paint): string {
  const name = `${printable(part)} (stream)`;
  if (stream.change === 'added') return line('+', NOTHING, stream.sizeAfter, undefined, name, paint);
  if (stream.change === 'removed' || stream.change === 'unknown')
    return line(MARKS[stream.change], NOTHING, stream.sizeBefore, undefined, name, paint);
  const { sizeBefore, sizeAfter, content } = stream;
  const letters = aspectLetters({
    aspects: content === 'other' ? ['content'] : [],
    contentUnknown: content === 'unknown',
  });
  return line('M', letters, sizeAfter, sizeAfter - sizeBefore, name, paint);
}

const MARKS = { added: '+', removed: '-', unknown: '?' } as const;
const TONES: Readonly<Record<string, Tone>> = { '+': 'green', '-': 'red', M: 'yellow', T: 'yellow', '?': 'yellow' };

function line(
  mark: string,
  letters: string,
  size: number | undefined,
  grown: number | undefined,
  name: string,
  paint: Paint,
): string {
  const shown = (size === undefined ? '' : formatSize(size)).padStart(9);
  const more = (grown ? signed(grown) : '').padStart(10);
  return `${paint(TONES[mark] ?? 'bold', `${mark} ${letters}`)}  ${shown} ${more}  ${name}`;
}

function fileSize(entry: ShownEntry): number | undefined {
  return entry.kind === 'file' ? entry.size : undefined;
}

function signed(bytes: number): string {
  return `${bytes < 0 ? '-' : '+'}${formatSize(Math.abs(bytes))}`;
}

function kindOf(entry: ShownEntry): string {
  const kinds = {
    directory: 'a folder',
    file: 'a file',
    symlink: 'a symbolic link',
    hardlink: 'another name of a file',
    special: 'a special file',
  };
  return kinds[entry.kind];
}
