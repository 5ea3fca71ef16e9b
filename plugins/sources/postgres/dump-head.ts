import { type Archive, parseArchive } from './archive.ts';
import { endOf } from './program.ts';
import { programFailed } from './program-failure.ts';
import type { Programs } from './programs.ts';

/** More definitions than any database has; what claims to be longer is none. */
const LIMIT = 1 << 30;

export interface DumpHead {
  readonly bytes: Uint8Array;
  readonly archive: Archive;
}

/**
 * All definitions of a database, as `pg_dump -Fc` writes them before the first row. The program is ended there, and its locks on the
 * tables with it: whoever waits for one of these tables would otherwise be waited for by who locks the tables next, for ever.
 */
export async function dumpHead(programs: Programs, database: string, args: readonly string[]): Promise<DumpHead> {
  const child = programs.start('pg_dump', [
    '--format=custom',
    '--compress=0',
    '--no-password',
    ...args,
    `--dbname=${connectionString(database)}`,
  ]);
  child.stdin.end();
  const ended = endOf(child);
  ended.catch(() => {});
  const parts: Buffer[] = [];
  let length = 0;
  let next = 1 << 16;
  const close = async () => {
    child.kill('SIGTERM');
    child.stdout.destroy();
    await ended.catch(() => {});
  };
  try {
    for await (const part of child.stdout.iterator({ destroyOnReturn: false })) {
      parts.push(part);
      length += part.length;
      if (length < next) continue;
      if (length > LIMIT) programFailed('pg_dump', `read the definitions of ${database}`, 'they do not end');
      next = length * 2; // so that all of it is looked at twice, however long
      const archive = parseArchive(Buffer.concat(parts));
      if (archive === undefined) continue;
      await close();
      return head(archive, parts);
    }
    const said = await ended;
    // Of a small database it came to the rows before it was cut off: what it may not read of those, we shall not either, and say so.
    const archive = parseArchive(Buffer.concat(parts));
    if (archive === undefined)
      programFailed('pg_dump', `read the definitions of ${database}`, said ?? 'its archive has no end');
    return head(archive, parts);
  } catch (error) {
    await close();
    throw error;
  }
}

function head(archive: Archive, parts: readonly Buffer[]): DumpHead {
  return { archive, bytes: Buffer.concat(parts).subarray(0, archive.length) };
}

/** A database's name as libpq takes it for nothing else: "Keyword/Value Connection Strings" of its documentation. */
export function connectionString(database: string): string {
  return `dbname='${database.replaceAll(/[\\']/g, '\\$&')}'`;
}
