import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const needs = 'import cryptography, zstandard, sys; assert sys.version_info >= (3, 9)';

/** How the reader ended, and what it said. */
export interface Read {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let found: string | undefined;

/** A Python that has what the reader needs. Throws, and says what to install, when there is none. */
function python(): string {
  const candidates = ['python3', '/usr/bin/python3', '/usr/local/bin/python3'];
  found ??= candidates.find((command) => spawnSync(command, ['-c', needs]).status === 0);
  if (found === undefined || spawnSync('gpg', ['--version']).status !== 0) {
    const missing = found === undefined ? `none of ${candidates.join(', ')} has what it needs` : 'gpg is not there';
    throw new Error(`${missing}: apt-get install python3 python3-cryptography python3-zstandard gnupg`);
  }
  return found;
}

/** Runs `python3 -m <module> …` in the reader's folder, with nothing of the environment but PATH. */
export function runPython(module: string, args: readonly string[]): Read {
  const { status, stdout, stderr, error } = spawnSync(python(), ['-m', module, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], PYTHONDONTWRITEBYTECODE: '1' },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined) throw error;
  return { exit: status, stdout, stderr };
}
