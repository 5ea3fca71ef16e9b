import { Random } from '../../benchmark/random.ts';

/** Which sequence of draws; HOLDFAST_TEST_SEED makes another one. */
export const SEED = wholeNumber('HOLDFAST_TEST_SEED', 1);

/** HOLDFAST_TEST_SWEEP_SHARE: so much of each sweep is tried; 1 is all of it. Undefined: what the sweep takes of itself. */
const asked = process.env['HOLDFAST_TEST_SWEEP_SHARE'];

/**
 * A share of the cases, in their order: of each stretch of those of a kind one, which the seed draws. Other seeds try others. `usual`: how
 * much `npm test` has time for, above 0 and at most 1.
 */
export function shareOf<T>(cases: readonly T[], usual: number, kindOf: (one: T) => string): T[] {
  const share = asked === undefined ? usual : Number(asked);
  if (!(share > 0 && share <= 1)) throw new Error(`HOLDFAST_TEST_SWEEP_SHARE is above 0 and at most 1, not ${asked}`);
  const random = new Random(SEED);
  const groups = [...Map.groupBy(cases, kindOf).values()];
  const drawn = new Set(groups.flatMap((group) => oneOfEachStretch(group, Math.ceil(group.length * share), random)));
  return cases.filter((one) => drawn.has(one));
}

function oneOfEachStretch<T>(cases: readonly T[], count: number, random: Random): T[] {
  const start = (i: number) => Math.floor((i * cases.length) / count);
  return Array.from({ length: count }, (_, i) => cases[start(i) + random.below(start(i + 1) - start(i))] as T);
}

function wholeNumber(name: string, otherwise: number): number {
  const number = Number(process.env[name] ?? otherwise);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${name} is a whole number`);
  return number;
}
