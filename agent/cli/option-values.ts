import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../config/duration.ts';
import { parseMoment } from '../contract/moment.ts';
import { bytesOf } from '../contract/size.ts';

const SIZE = /^\d{1,9}(\.\d{1,3})?(B|[kMGT]B|[KMGT]iB)$/;
const MONTH_MS = 30 * 86_400_000;

/** A number from 1. */
export function parseCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number, from 1.');
}

/** A share: `5%` is 0.05. */
export function parseShare(text: string): number {
  const percent = /^\d{1,3}(\.\d{1,4})?%$/.test(text) ? Number(text.slice(0, -1)) : 0;
  if (percent > 0 && percent <= 100) return percent / 100;
  throw new InvalidArgumentError('It is a share of all, such as 5%.');
}

/** A share that may be nothing: `0%`. */
export function parsePart(text: string): number {
  return /^0+(\.0+)?%$/.test(text) ? 0 : parseShare(text);
}

/** How long, in milliseconds, or not at all: `0s`. */
export function parseWait(text: string): number {
  return /^0+(ms|[smhdw])$/.test(text) ? 0 : parseSpan(text);
}

/** How long, in milliseconds: `10m`, as in a policy. */
export function parseSpan(text: string): number {
  const span = parseDuration(text);
  if (span !== undefined && span.months === 0 && span.milliseconds > 0) return span.milliseconds;
  throw new InvalidArgumentError('It is a length of time, such as 10m or 2h.');
}

/** Bytes: `10MiB`, as in a policy. */
export function parseSize(text: string): number {
  if (SIZE.test(text)) return bytesOf(text);
  throw new InvalidArgumentError('It is a number and its unit, such as 10MiB.');
}

/** A time, in milliseconds since 1970: `2026-11-20 14:00`, or how long ago: `7d`, where a month has 30 days. */
export function parseTime(text: string): number {
  const time = parseMoment(text);
  if (time !== undefined) return time;
  const ago = parseDuration(text);
  if (ago !== undefined) return Date.now() - ago.milliseconds - ago.months * MONTH_MS;
  throw new InvalidArgumentError("It is a time such as '2026-11-20 14:00', or how long ago, such as 7d.");
}

/** The beginning of a snapshot's id, or a time as of {@link parseTime}. */
export function parsePoint(text: string): number | string {
  if (/^[0-9a-f]{4,64}$/.test(text) && parseDuration(text) === undefined) return text;
  try {
    return parseTime(text);
  } catch {
    throw new InvalidArgumentError(
      "It is a snapshot's id, a time such as '2026-11-20 14:00', or how long ago, such as 7d.",
    );
  }
}
