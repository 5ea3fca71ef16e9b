import fc from 'fast-check';
import type { Duration } from '../config/duration.ts';
import type { Keep } from '../config/policy.ts';
import { type Decision, decideRetention } from './decision.ts';
import type { Snapshot } from './snapshot.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const none: Duration = { months: 0, milliseconds: 0 };

/** Whole hours, quarters and halves; summer time of an hour, of half an hour, beyond midnight, and none; a day that never was. */
export const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/Sao_Paulo',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Pacific/Apia',
] as const;

/** A snapshot of the group `a`, named for its time: `2026-11-25T09:00` of UTC, with a `?` behind it when it is incomplete. */
export function snapshotAt(text: string, sequence = 1): Snapshot {
  const time = new Date(`${text.replace('?', '')}Z`);
  return { id: text, group: 'a', sequence, time, verdict: text.endsWith('?') ? 'incomplete' : 'complete' };
}

/** Written in the order they are listed in. */
export function snapshotsAt(...texts: readonly string[]): Snapshot[] {
  return texts.map((text, index) => snapshotAt(text, index + 1));
}

export function idsKept(decisions: readonly Decision[]): string[] {
  return decisions.filter(({ action }) => action === 'keep').map(({ snapshot }) => snapshot.id);
}

/** A policy, what is stored, and when and where it is decided on. */
export interface History {
  readonly snapshots: readonly Snapshot[];
  readonly keep: Keep;
  readonly minimum?: Duration;
  readonly timezone: string;
  readonly now: Date;
}

export function decide({ snapshots, keep, minimum, timezone, now }: History): Decision[] {
  return decideRetention(snapshots, { keep, ...(minimum && { minimum }) }, { now, timezone, holds: [] });
}

/** Around the ends of months, leap days and changes of clocks of both hemispheres, and anywhere else. */
const BUSY = ['2024-02-29T00:00Z', '2024-04-06T15:00Z', '2024-10-27T01:00Z', '2024-12-31T12:00Z', '2025-03-30T01:00Z'];
const EARLIEST = Date.UTC(2023, 0, 1);
const LATEST = Date.UTC(2026, 0, 1);
const time = fc.oneof(
  fc.integer({ min: EARLIEST, max: LATEST }),
  fc
    .tuple(fc.constantFrom(...BUSY), fc.integer({ min: -3 * 24 * 4, max: 3 * 24 * 4 }))
    .map(([around, quarters]) => Date.parse(around) + (quarters * HOUR) / 4),
);
const stored = fc.record({
  group: fc.constantFrom('a', 'a', 'a', 'b'),
  time: time.map((milliseconds) => new Date(milliseconds)),
  verdict: fc.constantFrom('complete', 'complete', 'incomplete'),
});

/** Snapshots in the order they were written, which is not always that of their times. */
export const snapshots: fc.Arbitrary<Snapshot[]> = fc
  .tuple(fc.array(stored, { maxLength: 60 }), fc.boolean())
  .map(([all, inOrder]) => {
    const written = inOrder ? all.toSorted((a, b) => a.time.getTime() - b.time.getTime()) : all;
    return written.map((snapshot, index): Snapshot => ({ ...snapshot, id: `s${index}`, sequence: index + 1 }));
  });

const count = fc.integer({ min: 1, max: 8 });
const span = fc.oneof(
  fc.integer({ min: 0, max: 30 * DAY }).map((milliseconds) => ({ months: 0, milliseconds })),
  fc.integer({ min: 1, max: 30 }).map((months) => ({ months, milliseconds: 0 })),
);
export const keep: fc.Arbitrary<Keep> = fc
  .record(
    { last: count, within: span, hourly: count, daily: count, weekly: count, monthly: count, yearly: count },
    { requiredKeys: [] },
  )
  .filter((rules) => Object.keys(rules).length > 0);

export const history: fc.Arbitrary<History> = fc
  .record({
    snapshots,
    keep,
    minimum: fc.option(span, { nil: undefined }),
    timezone: fc.constantFrom(...ZONES),
    now: time.map((milliseconds) => new Date(milliseconds + 200 * DAY)),
  })
  .map(({ minimum, ...rest }) => ({ ...rest, ...(minimum && { minimum }) }));
