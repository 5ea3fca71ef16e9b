import { readFileSync } from 'node:fs';
import type { RawPath } from './raw-path.ts';

/**
 * Where file systems are mounted, as absolute paths: also those that are another view of one that is mounted elsewhere (bind
 * mounts), which no number of a device tells apart. Linux, see proc_pid_mountinfo(5): the fifth field, with space, tab, newline
 * and backslash in octal. Without /proc: none.
 */
export function mountPoints(read: () => string = readMounts): ReadonlySet<RawPath> {
  const lines = read().split('\n').filter(Boolean);
  return new Set(lines.map((line) => (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, unescaped)));
}

function unescaped(_: string, octal: string): string {
  return String.fromCharCode(Number.parseInt(octal, 8));
}

function readMounts(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'latin1');
  } catch {
    return ''; // another system: there, only other devices are seen
  }
}
