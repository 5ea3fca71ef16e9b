import type { Policy } from '../policy.ts';
import type { Problem } from '../problem.ts';

/** Of the smallest pack that is written: with less, not even one could be filled. */
const LEAST_MEMORY = 8 * 2 ** 20;

/** What the agent could not work with. */
export function checkLimits({ limits }: Policy): Problem[] {
  if (limits.memoryBytes >= LEAST_MEMORY) return [];
  const message = '"memory" must be at least 8MiB, which is one pack';
  return [
    { code: 'HF2009', message, path: ['limits', 'memory'], on: 'value', hint: 'it is 256MiB where nothing is said' },
  ];
}
