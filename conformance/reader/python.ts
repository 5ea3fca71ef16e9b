import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
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

/** Runs `python3 -m <module> …` to its end. It must leave nothing in the temporary folder: there are keys in what it makes there. */
export async function runPython(module: string, args: readonly string[]): Promise<Read> {
  return inTemporaryFolder((temporary) => endOf(startPython(module, args, temporary)));
}

/** Ends it by a signal as soon as it has made something in its temporary folder, which it must not leave there. */
export async function interruptPython(module: string, args: readonly string[]): Promise<Read> {
  return inTemporaryFolder(async (temporary) => {
    const child = startPython(module, args, temporary);
    while (readdirSync(temporary).length === 0 && child.exitCode === null) await setTimeout(2);
    child.kill('SIGTERM');
    return endOf(child);
  });
}

async function inTemporaryFolder(work: (temporary: string) => Promise<Read>): Promise<Read> {
  const temporary = mkdtempSync(join(tmpdir(), 'holdfast-py-'));
  try {
    const read = await work(temporary);
    assert.deepEqual(readdirSync(temporary), [], `left behind:\n${read.stderr}`);
    return read;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** In the reader's folder, with nothing of the environment but PATH. */
function startPython(module: string, args: readonly string[], temporary: string): ChildProcess {
  return spawn(python(), ['-m', module, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], PYTHONDONTWRITEBYTECODE: '1', TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function endOf(child: ChildProcess): Promise<Read> {
  assert.ok(child.stdout !== null && child.stderr !== null);
  const [stdout, stderr, [exit]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { exit, stdout, stderr };
}
