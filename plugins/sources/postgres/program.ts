import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

export type Program = 'pg_dump' | 'pg_dumpall' | 'pg_restore';

export type RunningProgram = ChildProcessByStdio<Writable, Readable, Readable>;

/** Waits for its end. Undefined when it ended well, what it said on stderr otherwise. */
export async function endOf(child: RunningProgram): Promise<string | undefined> {
  const said = text(child.stderr);
  const [exit] = child.exitCode === null && child.signalCode === null ? await once(child, 'close') : [child.exitCode];
  return exit === 0 ? undefined : (await said).trim();
}
