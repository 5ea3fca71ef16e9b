import { fail } from './failure.ts';

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** How a size is written in a policy: `32MiB` is 2^25 bytes, `32MB` is 32,000,000. For the `pattern` of a string option. */
export const SIZE_TEXT = '^\\d{1,9}(\\.\\d{1,3})?(B|[kMGT]B|[KMGT]iB)$';

const whole = new RegExp(SIZE_TEXT);

/** Bytes, rounded down, of an option that is a size: a number of bytes, or text as in {@link SIZE_TEXT}. */
export function bytesOf(size: number | string): number {
  if (typeof size === 'number') return size;
  const [, unit = ''] = whole.test(size) ? (/([A-Za-z]+)$/.exec(size) ?? []) : [];
  const worth = UNITS[unit];
  if (worth !== undefined) return Math.floor(Number.parseFloat(size) * worth);
  return fail({
    code: 'OPTIONS_INVALID',
    message: `'${size}' is not a size`,
    origin: 'policy',
    permanent: true,
    hint: 'Write a number and its unit, for instance 1MiB.',
  });
}
