const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds for people: `12 ms`, `1.4 s`, `42 s`, `2m 11s`, `3h 04m`, `5d 2h`. */
export function formatDuration(ms: number): string {
  if (!(ms > 0)) return '0 ms';
  if (ms < 1) return '<1 ms';
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9.95 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  if (seconds * SECOND < DAY) return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** How long ago, in one unit: `just now`, `5 minutes ago`, `3 days ago`. A time ahead of `now` says so. */
export function formatAge(then: Date, now: Date): string {
  const ms = now.getTime() - then.getTime();
  if (Math.abs(ms) < MINUTE) return 'just now';
  const [size, unit] = Math.abs(ms) < HOUR ? [MINUTE, 'minute'] : Math.abs(ms) < DAY ? [HOUR, 'hour'] : [DAY, 'day'];
  const count = Math.floor(Math.abs(ms) / (size as number));
  const amount = `${count} ${unit}${count === 1 ? '' : 's'}`;
  return ms < 0 ? `in ${amount}` : `${amount} ago`;
}

/** Local time to the second, `2026-11-23 06:41:02`: what `--at` takes. JSON has ISO 8601 in UTC instead. */
export function formatTime(time: Date): string {
  const date = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`;
  return `${date} ${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
