import { fail } from 'holdfast/plugin';

/** The `code` of an error of the operating system: ENOENT, EIO …; undefined of any other error. */
export function errnoOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || !('syscall' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

interface Meaning {
  readonly code: string;
  readonly permanent: boolean;
  readonly says: string;
  readonly hint?: string;
}

const full: Meaning = {
  code: 'TARGET_FULL',
  permanent: true,
  says: 'the target has no space or no inodes left',
  hint: 'make room on it; what was stored until now is kept, and the next run goes on with it',
};
const denied: Meaning = {
  code: 'TARGET_DENIED',
  permanent: true,
  says: 'the target may not be used by this user',
  hint: 'run the agent as the user who owns it, or give this one the right to read and write there',
};
// What a network file system answers while its server is away, or a process short of file descriptors.
const away: Meaning = { code: 'TARGET_UNAVAILABLE', permanent: false, says: 'the target does not answer' };

const meanings: Readonly<Record<string, Meaning>> = {
  ENOSPC: full,
  EDQUOT: { ...full, says: 'the target has used up its quota' },
  EROFS: {
    code: 'TARGET_READONLY',
    permanent: true,
    says: 'the target is mounted read-only',
    hint: 'mount it so that it can be written; a file system that turned read-only by itself has found an error',
  },
  EACCES: denied,
  EPERM: denied,
  ESTALE: away,
  ETIMEDOUT: away,
  EHOSTDOWN: away,
  EHOSTUNREACH: away,
  ENETUNREACH: away,
  ENOTCONN: away,
  ECONNREFUSED: away,
  EMFILE: { ...away, says: 'the target cannot be used: too many files are open' },
  ENFILE: { ...away, says: 'the target cannot be used: too many files are open' },
};

/**
 * Throws what `thrown` means in the words of the contract: an error of the operating system by its errno, anything else (a
 * failure, the reason of an abort) as it is. `where` names the folder or the object.
 */
export function failBy(thrown: unknown, where: string): never {
  const errno = errnoOf(thrown);
  if (errno === undefined) throw thrown;
  const { says, ...meaning } = meanings[errno] ?? { code: 'TARGET_IO', permanent: false, says: 'the target failed' };
  return fail({ ...meaning, message: `${where}: ${says} (${errno})`, origin: 'target' }, thrown);
}
