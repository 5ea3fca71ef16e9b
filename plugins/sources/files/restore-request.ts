import { resolve } from 'node:path';
import { fail, type RestoreRequest } from 'holdfast/plugin';

/** What this source can be asked to restore. */
export interface Wanted {
  /** Absolute. */
  readonly folder: string;
  /** gitignore patterns of what is restored; absent: everything. */
  readonly patterns?: readonly string[];
  readonly conflict: RestoreRequest['conflict'];
}

/** Fails with `RESTORE_UNSUPPORTED` when something is asked for that files have no notion of. */
export function wanted({ into, select, rename, mask, conflict }: RestoreRequest): Wanted {
  if (!('folder' in into)) unsupported('files are restored into a folder, not into a server');
  if (rename !== undefined && rename !== null) unsupported('files cannot be renamed while they are restored');
  if (mask !== undefined && mask.length > 0) unsupported('files cannot be masked');
  const folder = resolve(into.folder);
  if (select === null) return { folder, conflict };
  if (!Array.isArray(select) || !select.every((pattern) => typeof pattern === 'string')) {
    unsupported('the selection of files to restore is a list of patterns');
  }
  return select.length === 0 ? { folder, conflict } : { folder, conflict, patterns: select };
}

function unsupported(message: string): never {
  fail({ code: 'RESTORE_UNSUPPORTED', message, origin: 'source', permanent: true });
}
