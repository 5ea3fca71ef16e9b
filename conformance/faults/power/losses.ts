import { Random } from '../../benchmark/random.ts';
import type { Loss } from './disk.ts';

export const NOTHING_LOST: Loss = { name: 'nothing is lost', keepsName: () => true, keptOfWritten: () => 1 };

/** The ways of a power cut: the two ends, the one that shows a missing fsync of a file, and one that a seed draws. */
export function losses(seed: number): readonly Loss[] {
  const random = new Random(seed);
  return [
    { name: 'all that was not durable is lost', keepsName: () => false, keptOfWritten: () => 0 },
    NOTHING_LOST,
    { name: 'names are kept, contents lost', keepsName: () => true, keptOfWritten: () => 0 },
    {
      name: 'some of it is lost',
      keepsName: () => random.below(2) === 0,
      keptOfWritten: () => random.below(3) / 2,
    },
  ];
}
