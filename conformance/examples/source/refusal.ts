import { type Failure, fail } from 'holdfast/plugin';

/** A failure as a source has them. */
export function failure(code: string, message: string): Failure {
  return { code, message, origin: 'source', permanent: true };
}

/** Fails for an error of the file system, and throws anything else as it is. */
export function refuseFor(error: unknown, code: string, what: string): never {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') throw error;
  return fail(failure(code, `${what}: ${error.message}`), error);
}
