import { constants } from 'node:os';

/** What a system call failed with, in the shape of Node's own errors of `node:fs`: `code` is the name of the errno. */
export class SystemCallError extends Error {
  readonly code: string;
  readonly syscall: string;

  constructor(syscall: string, code: string) {
    super(`${code}: ${syscall}`);
    this.name = 'SystemCallError';
    this.code = code;
    this.syscall = syscall;
  }
}

// Two names of one number on Linux: the one that Node uses.
const preferred = ['ENOTSUP', 'EAGAIN'] as const;
const names = new Map<number, string>(Object.entries(constants.errno).map(([name, number]) => [number, name]));
for (const name of preferred) names.set(constants.errno[name], name);

/** `ENOENT` for 2. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `errno ${errno}`;
}

/** The name of the errno that something thrown carries; its text when it carries none. */
export function errnoOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return error instanceof Error ? error.message : String(error);
}
