import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Ran {
  /** Undefined when there is no such program. */
  readonly status: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs a program of the system to its end, with `input` on stdin. Its words are in English and it inherits nothing else of the
 * environment, which may hold the passphrase of the recovery key.
 */
export async function runTool(
  command: string,
  args: readonly string[],
  { input, folder }: { readonly input: Uint8Array; readonly folder?: string },
): Promise<Ran> {
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    ...(folder === undefined ? {} : { cwd: folder }),
  });
  child.stdin.on('error', () => {}); // one that ends before it has read everything says why with its status
  child.stdin.end(input);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (data) => stdout.push(data));
  child.stderr.on('data', (data) => stderr.push(data));
  try {
    const [status] = await once(child, 'close');
    return { status: status ?? -1, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('latin1') };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { status: undefined, stdout: Buffer.alloc(0), stderr: '' };
    throw error;
  }
}

const texts: Readonly<Record<string, string>> = {
  'Argument list too long': 'E2BIG',
  'Disk quota exceeded': 'EDQUOT',
  'File name too long': 'ENAMETOOLONG',
  'Inappropriate ioctl for device': 'ENOTSUP',
  'Input/output error': 'EIO',
  'Invalid argument': 'EINVAL',
  'No space left on device': 'ENOSPC',
  'No such file or directory': 'ENOENT',
  'Not a directory': 'ENOTDIR',
  'Operation not permitted': 'EPERM',
  'Operation not supported': 'ENOTSUP',
  'Permission denied': 'EACCES',
  'Read-only file system': 'EROFS',
};

/** The errno that a tool spoke of; its own words when it is none of the known. */
export function errnoInWords(words: string): string {
  const known = Object.keys(texts).find((text) => words.includes(text));
  return known === undefined ? words.trim() : (texts[known] ?? '');
}
