/** A length of time: months end on dates, milliseconds do not. */
export interface Span {
  readonly months: number;
  readonly milliseconds: number;
}

/** Which snapshots stay. Each number is how many of the newest hours, days … keep one. */
export interface KeepRules {
  readonly last?: number;
  readonly within?: Span;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
}

/** A snapshot, as far as retention looks at it. */
export interface Kept {
  readonly id: string;
  readonly finished: Date;
  /** Whether everything was captured. One that was not never takes the place of one that was. */
  readonly complete: boolean;
}

/** What becomes of the snapshots of one group: those of one job of one host. */
export interface RetentionDecision {
  /** Newest first, each with the rules that keep it: `daily`, `within`, `last` …; `newest` keeps a group from being emptied. */
  readonly keep: readonly { readonly id: string; readonly because: readonly string[] }[];
  /** Newest first. */
  readonly remove: readonly string[];
}

const PERIODS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
type Period = (typeof PERIODS)[number];

/**
 * Decides what stays, from nothing but its arguments. Without rules everything stays. Of each period the newest complete
 * snapshot is kept; periods are those of UTC, weeks begin on Monday (ISO 8601), and only periods that have a snapshot count.
 * Snapshots younger than `minimum` keep one for each of the longest periods among the rules, whatever the counts say. The newest
 * complete snapshot always stays.
 */
export function decideRetention(
  snapshots: readonly Kept[],
  rules: KeepRules | undefined,
  minimum: Span | undefined,
  now: Date,
): RetentionDecision {
  const sorted = snapshots.toSorted((a, b) => b.finished.getTime() - a.finished.getTime() || compare(b.id, a.id));
  if (rules === undefined) return { keep: sorted.map(({ id }) => ({ id, because: ['no rules'] })), remove: [] };
  const because = new Map<string, string[]>();
  const keep = (reason: string, kept: readonly Kept[]) => {
    for (const { id } of kept) because.set(id, [...(because.get(id) ?? []), reason]);
  };
  const complete = sorted.filter((snapshot) => snapshot.complete);
  keep('newest', complete.slice(0, 1).concat(complete.length === 0 ? sorted.slice(0, 1) : []));
  keep('last', sorted.slice(0, rules.last ?? 0));
  if (rules.within !== undefined) keep('within', younger(sorted, rules.within, now));
  for (const period of PERIODS) keep(period, newestOfEach(complete, period).slice(0, rules[period] ?? 0));
  const longest = PERIODS.findLast((period) => rules[period] !== undefined);
  if (minimum !== undefined) {
    const promised = younger(complete, minimum, now);
    keep('minimum', longest === undefined ? promised : newestOfEach(promised, longest));
  }
  return {
    keep: sorted.flatMap(({ id }) => (because.has(id) ? [{ id, because: because.get(id) ?? [] }] : [])),
    remove: sorted.flatMap(({ id }) => (because.has(id) ? [] : [id])),
  };
}

function younger(snapshots: readonly Kept[], span: Span, now: Date): readonly Kept[] {
  const since = before(now, span);
  return snapshots.filter(({ finished }) => finished.getTime() > since);
}

/** So long before `now`; the last day of a month where the month has no such day. */
function before(now: Date, { months, milliseconds }: Span): number {
  const then = new Date(now);
  const day = then.getUTCDate();
  then.setUTCDate(1);
  then.setUTCMonth(then.getUTCMonth() - months);
  const days = new Date(Date.UTC(then.getUTCFullYear(), then.getUTCMonth() + 1, 0)).getUTCDate();
  then.setUTCDate(Math.min(day, days));
  return then.getTime() - milliseconds;
}

/** `snapshots` are sorted, the newest first. */
function newestOfEach(snapshots: readonly Kept[], period: Period): Kept[] {
  const seen = new Set<number | string>();
  return snapshots.filter(({ finished }) => {
    const bucket = bucketOf(finished, period);
    if (seen.has(bucket)) return false;
    seen.add(bucket);
    return true;
  });
}

const DAY = 86_400_000;

function bucketOf(time: Date, period: Period): number | string {
  const text = time.toISOString();
  const end = text.indexOf('T');
  if (period === 'hourly') return text.slice(0, end + 3);
  if (period === 'daily') return text.slice(0, end);
  if (period === 'monthly') return text.slice(0, end - 3);
  if (period === 'yearly') return text.slice(0, end - 6);
  // 1 January 1970 was a Thursday.
  return Math.floor((time.getTime() / DAY + 3) / 7);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
