import type { Failure } from '../../contract/index.ts';
import type { RestoreReport } from '../../recovery/restore-report.ts';
import { namedFailure } from './named-failure.ts';
import { printable } from './printable.ts';
import { formatCounted } from './size.ts';

/** So many of each group are named, unless all are wanted. */
const SHOWN = 10;

type Reported = Pick<RestoreReport, 'skipped' | 'unset' | 'notSet'>;
type Skipped = Reported['skipped'];

/**
 * What a restore left out, as lines: first what is not there, then what is there without rights that it gave, then what is there
 * without another attribute, the first ten of each; last, where no owners could be given, of what.
 */
export function skippedLines({ skipped, unset, notSet }: Reported, verbose: boolean): string[] {
  const without = (wanted: string) => skipped.filter(({ failure: { code } }) => code === wanted);
  const absent = skipped.filter(({ failure: { code } }) => !PARTLY.has(code));
  const owners = notSet.includes('owner') ? unset.filter(({ part }) => part === 'owner') : [];
  return [
    ...few(absent, verbose, ({ what, failure }) => namedFailure('not restored', what, failure)),
    ...[...PARTLY].flatMap((code) => partly(without(code), verbose)),
    ...owners.map((unowned) => withoutOwner(unowned, verbose)),
  ];
}

// Something is restored in part, or all of it, and something else stays: what is said names it.
const PARTLY = new Set(['RESTORE_RIGHTS', 'RESTORE_ATTRIBUTE', 'RESTORE_PATTERNS', 'RESTORE_NOT_REMOVED']);

function inWords({ message, code }: Failure): string {
  return `${printable(message)} (${code})`;
}

/** They have few hints between them, which stand below the last. */
function partly(skipped: Skipped, verbose: boolean): string[] {
  const lines = few(skipped, verbose, ({ failure }) => `incomplete: ${inWords(failure)}`);
  const hints = new Set(skipped.flatMap(({ failure: { hint } }) => hint ?? []));
  const advice = [...hints].map((hint) => `\n  ${printable(hint)}`).join('');
  return lines.map((line, at) => (at === lines.length - 1 ? line + advice : line));
}

function few(skipped: Skipped, verbose: boolean, lineOf: (one: Skipped[number]) => string): string[] {
  const more = skipped.length - SHOWN;
  if (verbose || more <= 0) return skipped.map(lineOf);
  return [...skipped.slice(0, SHOWN).map(lineOf), `and ${formatCounted(more, 'other')}; --verbose names all of them`];
}

function withoutOwner({ count, named }: Reported['unset'][number], verbose: boolean): string {
  const shown = verbose ? named : named.slice(0, SHOWN);
  const more = count - shown.length;
  const others = more > 0 ? ` and ${formatCounted(more, 'other')}` : '';
  return `owner or group not set, which only root may: ${shown.map(printable).join(', ')}${others}`;
}
