const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes for people, in the units that policies are written in: `0 B`, `9.8 KiB`, `412 GiB`. Two digits or more are kept. */
export function formatSize(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (unit < UNITS.length - 1 && (unit === 0 ? value > 1023 : value >= 1023.5)) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? value.toFixed(1) : formatCount(Math.round(value));
  return `${digits} ${UNITS[unit]}`;
}

/** `118 MiB/s`. Nothing is said of a time too short to tell. */
export function formatRate(bytes: number, ms: number): string {
  return ms < 1 ? '' : `${formatSize((bytes / ms) * 1000)}/s`;
}

/** `1234567` as `1,234,567`, whatever the locale of the machine: reports are compared between hosts. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** `1 file`, `2,114 files`. */
export function formatCounted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
