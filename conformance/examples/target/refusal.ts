import { fail } from 'holdfast/plugin';

/** Fails as a target does, for good. */
export function refuse(code: string, message: string, cause?: unknown): never {
  return fail({ code, message, origin: 'target', permanent: true }, cause);
}

const CODES: Readonly<Record<string, string>> = {
  ENOENT: 'TARGET_MISSING',
  ENOTDIR: 'TARGET_MISSING',
  EACCES: 'TARGET_DENIED',
  EPERM: 'TARGET_DENIED',
  EROFS: 'TARGET_READONLY',
  ENOSPC: 'TARGET_FULL',
  EDQUOT: 'TARGET_FULL',
};

/** Fails with the code that stands for an error of the file system. What is no such error is thrown as it is. */
export function refuseFor(error: unknown, what: string): never {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') throw error;
  return refuse(CODES[error.code] ?? 'TARGET_IO', `${what}: ${error.message}`, error);
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
