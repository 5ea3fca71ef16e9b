import type { Policy } from '../policy.ts';
import type { Problem } from '../problem.ts';

/** Holds that keep nothing any more at `now`. */
export function pastHolds({ holds }: Policy, now: Date): Problem[] {
  return holds.flatMap(({ name, until }): Problem[] => {
    if (until === undefined || until.getTime() >= now.getTime()) return [];
    const message = `the hold "${name}" ended ${until.toISOString()}: it keeps nothing any more`;
    return [
      { code: 'HF4027', message, path: ['holds', name, 'until'], on: 'value', hint: 'take it out, or extend it' },
    ];
  });
}
