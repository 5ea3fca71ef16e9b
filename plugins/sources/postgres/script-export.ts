import { once } from 'node:events';
import type { Bytes } from 'holdfast/plugin';
import { endOf } from './program.ts';
import { programFailed } from './program-failure.ts';
import { Programs } from './programs.ts';
import type { DatabaseChoice } from './restore-plan.ts';
import type { RestoringOptions } from './restoring-options.ts';
import { addressOf } from './session.ts';

/**
 * An archive as an SQL script for psql, made by pg_restore while the archive goes through it: nothing is held, nothing lies on a disk. It
 * makes what is in a database, and not the database.
 */
export async function* scriptOf(
  archive: Bytes,
  { options, host, request }: RestoringOptions,
  choice: DatabaseChoice,
): Bytes {
  const archives = [Number.parseInt(choice.archive.dumpVersion, 10) * 10_000];
  const address = addressOf(options.connection);
  const programs = await Programs.find({ archives, address, host, folder: options.programs });
  const child = programs.start('pg_restore', ['--file=-', ...(request.noOwner === true ? ['--no-owner'] : [])]);
  const ended = endOf(child);
  const fed = feed(archive, child.stdin);
  // Whoever awaits them last is told; until then they are nobody's surprise.
  ended.catch(() => {});
  fed.catch(() => child.kill('SIGTERM'));
  try {
    yield* child.stdout;
    const said = await ended;
    // What broke the archive comes first: the program only says that its input ended.
    await fed;
    host.signal.throwIfAborted();
    if (said !== undefined) programFailed('pg_restore', `write ${choice.record.name} as a script`, said);
  } finally {
    child.kill('SIGTERM');
    await ended.catch(() => {});
  }
}

async function feed(archive: Bytes, input: NodeJS.WritableStream): Promise<void> {
  const closed = once(input, 'close');
  closed.catch(() => {});
  for await (const piece of archive) if (!input.write(piece)) await Promise.race([once(input, 'drain'), closed]);
  input.end();
}
