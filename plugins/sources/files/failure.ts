import { type Failure, fail, failureOf } from 'holdfast/plugin';
import { printable, type RawPath } from './raw-path.ts';

/** What the system said when the source was read, as a failure that may be skipped. `action` completes "cannot …". */
export function sourceFailure(error: unknown, action: string, path: RawPath): Failure {
  const errno = errnoOf(error);
  if (exhausted.has(errno)) return { ...shortOf(errno), message: `cannot ${action} ${printable(path)}: ${errno}` };
  return {
    ...(classes[errno] ?? { code: 'SOURCE_IO', permanent: false }),
    origin: 'source',
    message: `cannot ${action} ${printable(path)}: ${errno}`,
  };
}

/** The system's name of an error (`ENOENT`), or its text when it has none. */
export function errnoOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return error instanceof Error ? error.message : String(error);
}

const exhausted = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

/** The path is as good as any: it is this process that has run out, so it must not be taken for something that may be skipped. */
function shortOf(errno: string): Omit<Failure, 'message'> {
  return {
    code: 'RESOURCES_SHORT',
    origin: 'agent',
    permanent: false,
    hint:
      errno === 'ENOMEM'
        ? 'give this host more memory or swap, or lift the limit of the process'
        : 'let the process have more open files: `ulimit -n 1024`, or LimitNOFILE= in its systemd unit',
  };
}

const vanished = { code: 'SOURCE_VANISHED', permanent: false } as const;
const denied = {
  code: 'SOURCE_DENIED',
  permanent: true,
  hint: 'run the agent as a user that may read it, or exclude it',
} as const;

const classes: Readonly<Record<string, Pick<Failure, 'code' | 'permanent' | 'hint'>>> = {
  ENOENT: vanished,
  ENOTDIR: vanished,
  ESTALE: vanished,
  EINVAL: vanished,
  EACCES: denied,
  EPERM: denied,
  EILSEQ: {
    code: 'SOURCE_UNSUPPORTED',
    permanent: true,
    hint: 'its name is no UTF-8 text: give it one that is',
  },
  ENAMETOOLONG: {
    code: 'SOURCE_IO',
    permanent: true,
    hint: 'the path is longer than the system can open at once: name a folder deeper down as a path of its own',
  },
};

/** What went wrong with one path of a restore: what the agent said of its content, or else what the system said. */
export function restoreFailure(error: unknown, path: RawPath): Failure {
  const errno = errnoOf(error);
  return failureOr(error, {
    ...(restoreClasses[errno] ?? { code: 'RESTORE_IO', permanent: false }),
    origin: 'source',
    message: `cannot restore ${printable(path)}: ${errno}`,
  });
}

/** What was restored, but for an attribute that the system refused. `what` completes "without …". */
export function attributeFailure(what: string, path: RawPath, errno: string): Failure {
  return {
    code: 'RESTORE_ATTRIBUTE',
    message: `${printable(path)} was restored without ${what}: ${errno}`,
    origin: 'source',
    permanent: true,
    hint: attributeHints[errno] ?? 'what is restored without it may still do; or set it by hand',
  };
}

/**
 * What was restored, but for a right that it gives others. `code`: why the system refused it; absent: its owner is not the one that is
 * stored, and could not be.
 */
export function rightFailure(right: string, path: RawPath, code?: string): Failure {
  return {
    code: 'RESTORE_RIGHTS',
    message: `${printable(path)} was restored without ${right}: ${code ?? 'its owner is not the one that is stored'}`,
    origin: 'source',
    permanent: true,
    hint: 'the same restore as root, with --conflict replace, sets what is missing and leaves the rest as it is',
  };
}

const onlyRoot = 'only root may set it: run the restore as root, or leave it out with xattrs: false and flags: false';
const attributeHints: Readonly<Record<string, string>> = {
  EPERM: onlyRoot,
  EACCES: onlyRoot,
  ENOTSUP: 'the file system restored into has no such thing: restore to one that has, or do without',
  ENOSPC: 'the file system restored into has no room for so many attributes of one file',
  EDQUOT: 'the file system restored into has no room for so many attributes of one file',
  ENOSYS: 'restore with Node 26, or install the packages attr and e2fsprogs',
};

function failureOr(error: unknown, otherwise: Failure): Failure {
  const { code, ...rest } = failureOf(error, { code: '', origin: 'source' });
  return code === '' ? otherwise : { code, ...rest };
}

/** Refuses a path of the stored tree, or of the folder, that leads or could lead out of the folder restored into. */
export function escapes(path: RawPath, why: string): never {
  fail({
    code: 'RESTORE_ESCAPE',
    message: `will not restore ${printable(path)}: ${why}`,
    origin: 'source',
    permanent: true,
  });
}

/** Refuses to touch what stands at `path` already. */
export function conflicts(path: RawPath, hint = 'choose another folder, or the conflict mode skip or replace'): never {
  fail({
    code: 'RESTORE_CONFLICT',
    message: `${printable(path)} exists already`,
    origin: 'source',
    permanent: true,
    hint,
  });
}

/** Leaves what stands at `path` as it is: it is not what it was when the changes were shown. */
export function changed(path: RawPath): never {
  fail({
    code: 'RESTORE_CHANGED',
    message: `${printable(path)} changed since it was compared, and was left as it is`,
    origin: 'source',
    permanent: false,
    hint: 'run the restore again: it shows what differs now, and does only that',
  });
}

/** Nothing was removed: `left` things that the snapshot does not have, because `failed` that it has could not be restored. */
export function notRemoved(left: number, failed: number): Failure {
  return {
    code: 'RESTORE_NOT_REMOVED',
    message: `${left} that the snapshot does not have stayed, because ${failed} that it has could not be restored`,
    origin: 'source',
    permanent: false,
    hint: 'see to what could not be restored, then run the restore again: nothing is removed before all is there',
  };
}

export const NOTHING_IN_FOLDER = { hint: 'nothing in this folder was restored' } as const;

const noPermission = {
  code: 'RESTORE_DENIED',
  permanent: true,
  hint: 'restore to a folder that this user may write to, or run the restore as one who may',
} as const;
const full = {
  code: 'RESTORE_FULL',
  permanent: false,
  hint: 'free space where you restore to, then run the restore again',
} as const;

const restoreClasses: Readonly<Record<string, Pick<Failure, 'code' | 'permanent' | 'hint'>>> = {
  EACCES: noPermission,
  EPERM: noPermission,
  ENOSPC: full,
  EDQUOT: full,
  EROFS: {
    code: 'RESTORE_READONLY',
    permanent: true,
    hint: 'restore to a folder on a file system that can be written',
  },
  ENAMETOOLONG: { code: 'RESTORE_IO', permanent: true },
  EMFILE: shortOf('EMFILE'),
  ENFILE: shortOf('ENFILE'),
  ENOMEM: shortOf('ENOMEM'),
};
