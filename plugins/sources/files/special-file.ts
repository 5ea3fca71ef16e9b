import { execFile } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { promisify } from 'node:util';
import { fail, type PlainContent, unfinishedName } from 'holdfast/plugin';
import type { Place } from './destination.ts';
import { childOf, type RawPath, systemPath, textOf } from './raw-path.ts';

type Special = Extract<PlainContent, { kind: 'special' }>;

const run = promisify(execFile);
// Nothing else: the environment may hold the passphrase of the recovery key.
const environment = () => ({ PATH: process.env['PATH'] });

/**
 * Makes a FIFO or a device at `place`, which must be free. Node has no call for it: mkfifo(1) and mknod(1) make it in `folder`, the
 * one that `place` lies in, under a name of its own, and it is linked from there. They are started in the folder, whatever it is
 * called: a path through a descriptor of this process leads nowhere once another program runs.
 */
export async function makeSpecialFile(
  special: Special,
  mode: number,
  place: RawPath,
  folder: Place['folder'],
): Promise<void> {
  const name = unfinishedName(folder.inode);
  const temporary = childOf(folder.path, name);
  const modeOption = `--mode=${(mode & 0o777).toString(8)}`;
  const options = { env: environment(), cwd: textOf(folder.path) };
  try {
    if (special.type === 'fifo') await run('mkfifo', [modeOption, '--', name], options);
    else await run('mknod', [modeOption, '--', name, ...numbers(special)], options);
    await fs.link(systemPath(temporary), systemPath(place)); // unlike rename, never in the place of something
  } catch (error) {
    fail({ ...cannotMake, message: `cannot make a ${special.type}: ${said(error)}` }, error);
  } finally {
    await fs.rm(systemPath(temporary), { force: true });
  }
}

function numbers({ type, major, minor }: Special): string[] {
  return [type === 'block' ? 'b' : 'c', String(major), String(minor)];
}

function said(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'stderr' in error && typeof error.stderr === 'string') {
    return error.stderr.trim();
  }
  return String(error);
}

const cannotMake = {
  code: 'RESTORE_SPECIAL',
  origin: 'source',
  permanent: true,
  hint: 'devices are made by root only; make it by hand where it is needed',
} as const;
