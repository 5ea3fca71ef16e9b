import { parseDuration } from './duration.ts';
import { parseHoldEnd } from './hold-end.ts';
import type { HoldSpec, Keep, RetentionSpec } from './policy.ts';
import type { Skeleton } from './schema.ts';

type WrittenClass = NonNullable<Skeleton['retention']>[string];
type WrittenHold = NonNullable<Skeleton['holds']>[string];
type WrittenKeep = NonNullable<WrittenClass['keep']>;

/** A retention class with its units parsed. It must have no errors. */
export function retentionOf(written: WrittenClass): Omit<RetentionSpec, 'name' | 'at'> {
  const { keep, targets = {}, timezone = 'UTC', minimum, lock, erasure } = written;
  const tiers = Object.entries(targets).map(([target, tier]) => [target, { keep: keepOf(tier.keep) }]);
  return {
    targets: Object.fromEntries(tiers),
    timezone,
    ...(keep && { keep: keepOf(keep) }),
    ...durationsOf({ minimum, lock, erasure }),
  };
}

/** A hold with its end parsed. It must have no errors. */
export function holdOf({ by, why, until, jobs, snapshots }: WrittenHold): Omit<HoldSpec, 'name' | 'at'> {
  const end = until === undefined ? undefined : parseHoldEnd(until);
  return { by, why, ...(end && { until: end }), ...(jobs && { jobs }), ...(snapshots && { snapshots }) };
}

type Durations = Pick<RetentionSpec, 'minimum' | 'lock' | 'erasure'>;

function durationsOf(written: Readonly<Record<keyof Durations, string | undefined>>): Durations {
  return Object.fromEntries(
    Object.entries(written).flatMap(([field, text]) => {
      const duration = text === undefined ? undefined : parseDuration(text);
      return duration === undefined ? [] : [[field, duration]];
    }),
  );
}

function keepOf({ within, ...counts }: WrittenKeep): Keep {
  const age = within === undefined ? undefined : parseDuration(within);
  return { ...counts, ...(age && { within: age }) };
}
