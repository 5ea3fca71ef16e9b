import { parseSize, respellSize } from './size.ts';

const BITS: Readonly<Record<string, number>> = { bps: 1, kbps: 1e3, Mbps: 1e6, Gbps: 1e9 };

/** Networks count bits (`100Mbps`), disks count bytes (`40MB/s`, `40MiB/s`). */
export const RATE_PATTERN = '^\\d{1,9}(\\.\\d{1,3})?([kMG]?bps|(B|[kMGT]B|[KMGT]iB)/s)$';

const whole = new RegExp(RATE_PATTERN);

/** Bytes per second, rounded down; `undefined` when `text` is not a rate. */
export function parseRate(text: string): number | undefined {
  if (!whole.test(text)) return undefined;
  if (text.endsWith('/s')) return parseSize(text.slice(0, -2));
  const [, number = '', unit = ''] = /^([\d.]+)(\w+)$/.exec(text) ?? [];
  const bits = BITS[unit];
  return bits === undefined ? undefined : Math.floor((Number(number) * bits) / 8);
}

/** How a rate that was written otherwise is written here: `100 mbit/s` → `100Mbps`, `40mb/s` → `40MB/s`. */
export function respellRate(text: string): string | undefined {
  const [, number, prefix = ''] = /^\s*([\d.]+)\s*([kmg]?)(?:bps|bits?(?:\/s|ps)?)\s*$/i.exec(text) ?? [];
  if (number !== undefined)
    return `${number}${prefix === '' || /k/i.test(prefix) ? prefix.toLowerCase() : prefix.toUpperCase()}bps`;
  const bytes = /^(.*?)(?:\/s|ps)$/i.exec(text)?.[1];
  const size = bytes === undefined ? undefined : (respellSize(bytes) ?? undefined);
  return size === undefined ? undefined : `${size}/s`;
}
