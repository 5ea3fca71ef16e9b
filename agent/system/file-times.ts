import { futimesSync, lutimesSync } from 'node:fs';
import { Libc } from './libc.ts';

/**
 * Sets the times of reading and of change of an open file or folder, in nanoseconds since 1970: exactly, or without `node:ffi` as near as
 * `nearly` says.
 */
export function setTimes(descriptor: number, timeNs: bigint): void {
  const libc = Libc.open();
  if (libc === undefined) futimesSync(descriptor, nearly(timeNs), nearly(timeNs));
  else libc.setTimes(descriptor, timeNs);
}

/** The same of what stands at a path; of a symbolic link its own. */
export function setLinkTimes(path: Uint8Array, timeNs: bigint): void {
  const libc = Libc.open();
  if (libc !== undefined) {
    libc.setTimes(path, timeNs);
    return;
  }
  const buffer = Buffer.from(path.buffer, path.byteOffset, path.byteLength);
  lutimesSync(buffer, nearly(timeNs), nearly(timeNs));
}

/**
 * A time as Node's `utimes` keeps most of it: to about 0.2 µs (a double), never in another second, before 1970 too. As text,
 * because Node takes a negative number for the present, and a Date only to the millisecond.
 */
export function nearly(ns: bigint): string {
  const rest = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const whole = (ns - rest) / 1_000_000_000n;
  const value = Number(ns) / 1e9;
  return String(Math.floor(value) === Number(whole) ? value : Number(whole) + 0.999_999_5);
}
