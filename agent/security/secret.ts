import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { fail, type SecretReference } from '../contract/index.ts';
import { decodeSecret, readGuardedFile, readSecretFile, type SecretText } from './secret-text.ts';

const MAX_BYTES = 64 * 1024;
/** For a command that asks a password manager, perhaps over the network. */
const PATIENCE_MS = 30_000;

export interface SecretPlaces {
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/**
 * Follows a reference to its secret. Fails with `SECRET_MISSING`, `SECRET_UNSAFE` or `SECRET_FAILED`; no message of them has
 * anything in it that was read.
 */
export async function readSecret(reference: SecretReference, { env, signal }: SecretPlaces): Promise<string> {
  const { credential, env: variable, file, command } = reference;
  if (credential !== undefined) return readCredential(credential, env);
  if (variable !== undefined) return readVariable(variable, env);
  if (file !== undefined) return textOf(await readSecretFile(file), `The secret in ${file}`);
  if (command !== undefined) return runCommand(command, env, signal);
  return fail({ ...missing, message: 'The reference to a secret names no place.' });
}

const missing = { code: 'SECRET_MISSING', origin: 'key', permanent: true } as const;

async function readCredential(name: string, env: NodeJS.ProcessEnv): Promise<string> {
  const folder = env['CREDENTIALS_DIRECTORY'];
  const hint = `in the systemd unit: LoadCredential=${name}:/path/to/file`;
  if (!folder) return fail({ ...missing, message: `There are no systemd credentials here, so no "${name}".`, hint });
  // A name is no path: the folder holds files only, see systemd.exec(5).
  if (name !== path.basename(name)) return fail({ ...missing, message: `"${name}" is not the name of a credential.` });
  return textOf(await readGuardedFile(path.join(folder, name)), `The credential "${name}"`, hint);
}

function readVariable(name: string, env: NodeJS.ProcessEnv): string {
  const value = env[name];
  if (value) return value;
  return fail({
    ...missing,
    message: `The environment variable ${name}, where the policy has a secret, is ${value === undefined ? 'not set' : 'empty'}.`,
    hint: `Set ${name} where the agent is started, or say in the policy that the secret is in a file or a credential.`,
  });
}

function textOf(read: SecretText, what: string, hint?: string): string {
  if ('text' in read) return read.text;
  const help = read.hint ?? hint;
  const code = read.unsafe ? 'SECRET_UNSAFE' : 'SECRET_MISSING';
  return fail(
    { ...missing, code, message: `${what} ${read.fault}.`, ...(help !== undefined && { hint: help }) },
    read.cause,
  );
}

async function runCommand(
  [program = '', ...arguments_]: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<string> {
  const options = {
    env,
    maxBuffer: MAX_BYTES,
    timeout: PATIENCE_MS,
    // Whoever ignores to be asked is not asked.
    killSignal: 'SIGKILL',
    encoding: 'buffer',
    ...(signal && { signal }),
  } as const;
  try {
    const running = promisify(execFile)(program, arguments_, options);
    // Nobody is there to answer a question.
    running.child.stdin?.end();
    const { stdout } = await running;
    return textOf(decodeSecret(stdout), `What ${program} printed`);
  } catch (error) {
    if (!(error instanceof Error) || 'failure' in error) throw error;
    // Neither the arguments nor what the program printed are repeated: either may hold a secret.
    const reason = reasonOf(error);
    const failed = { code: 'SECRET_FAILED', origin: 'key', permanent: false } as const;
    return fail({
      ...failed,
      message: `${program}, which should print a secret, ${reason}.`,
      hint: 'run it by hand, as the user of the agent',
    });
  }
}

function reasonOf(
  error: Error & { readonly code?: unknown; readonly killed?: unknown; readonly signal?: unknown },
): string {
  if (error.code === 'ENOENT') return 'is not there';
  if (error.code === 'EACCES') return 'cannot be run';
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `printed more than ${MAX_BYTES} bytes`;
  if (error.name === 'AbortError') return 'was interrupted';
  if (error.killed === true) return `took longer than ${PATIENCE_MS / 1000} seconds`;
  return typeof error.code === 'number' ? `ended with exit code ${error.code}` : `was ended by ${String(error.signal)}`;
}
