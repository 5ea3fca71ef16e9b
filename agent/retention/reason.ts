import type { Duration } from '../config/duration.ts';
import { spokenDuration } from '../config/duration.ts';
import type { Period } from './calendar.ts';
import type { Hold } from './hold.ts';

/** Why a snapshot stays. */
export type Reason =
  /** There is no rule that forgets anything. */
  | { readonly kind: 'no rules' }
  /** It is in the future of who decides, or has no time that can be read: kept, and nothing gives way to it. */
  | { readonly kind: 'not yet' }
  /** The newest that is complete; when its group has no such, the newest; or the last written, whatever its time says. */
  | { readonly kind: 'newest'; readonly of: 'complete' | 'all' | 'written' }
  /** `place` counts from 1, the newest; `period` is absent for `last`. `despite`: there is a newer one, but that is incomplete. */
  | {
      readonly kind: 'count';
      readonly rule: Rule;
      readonly place: number;
      readonly count: number;
      readonly period?: string;
      readonly despite: boolean;
    }
  /** Incomplete, and of a time that nothing complete is of: it stays beside those that are counted. */
  | { readonly kind: 'stand-in'; readonly rule: Rule; readonly count: number; readonly period?: string }
  | { readonly kind: 'within'; readonly span: Duration }
  /** `period` is absent when the rules name none. */
  | {
      readonly kind: 'minimum';
      readonly span: Duration;
      readonly period?: { readonly rule: Period; readonly name: string };
    }
  | { readonly kind: 'hold'; readonly hold: Hold };

export type Rule = Period | 'last';

const NAMES = { hourly: 'hour', daily: 'day', weekly: 'week', monthly: 'month', yearly: 'year' } as const;
const NEWEST = {
  complete: 'the newest complete one of its group',
  all: 'the newest of its group, where nothing is complete',
  written: 'the one of its group that was written last',
} as const;

/** `daily 3 of 7 (2026-11-24)`, `within 2d`, `minimum 7y: the month 2024-03`. Words of whoever put a hold stand in it as they are. */
export function reasonText(reason: Reason): string {
  switch (reason.kind) {
    case 'no rules':
      return 'nothing is forgotten';
    case 'not yet':
      return 'in the future, or of no time: nothing gives way to it';
    case 'newest':
      return NEWEST[reason.of];
    case 'count': {
      const period = reason.period === undefined ? '' : ` (${reason.period})`;
      const despite = reason.despite ? ', and an incomplete one does not displace it' : '';
      return `${reason.rule} ${reason.place} of ${reason.count}${period}${despite}`;
    }
    case 'stand-in':
      return `${reason.rule}, beside the ${reason.count}: ${reason.period ?? 'incomplete'}${reason.period === undefined ? '' : ' has no complete one'}`;
    case 'within':
      return `within ${spokenDuration(reason.span)}`;
    case 'minimum': {
      const period = reason.period === undefined ? '' : `: the ${NAMES[reason.period.rule]} ${reason.period.name}`;
      return `minimum ${spokenDuration(reason.span)}${period}`;
    }
    case 'hold':
      return `hold by ${reason.hold.by} ${endText(reason.hold.until)}: ${reason.hold.why}`;
  }
}

function endText(until: Date | undefined): string {
  return until === undefined || Number.isNaN(until.getTime()) ? 'without end' : `until ${until.toISOString()}`;
}
