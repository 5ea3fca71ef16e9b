import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fail } from '../contract/index.ts';
import { askSecret, type SecretInput, type SecretOutput } from './prompt.ts';

/** Where a passphrase came from, in the order in which the places are asked. */
export type PassphraseSource = 'credential' | 'file' | 'environment' | 'terminal';

export interface Passphrase {
  readonly text: string;
  readonly from: PassphraseSource;
}

export interface PassphraseRequest {
  /** What it is for, as it stands in a sentence: `the recovery key`. */
  readonly purpose: string;
  readonly env: NodeJS.ProcessEnv;
  /** `--passphrase-file`, absolute. */
  readonly file?: string;
  /** Absent: nobody is to be asked. */
  readonly terminal?: { readonly input: SecretInput; readonly output: SecretOutput };
  readonly signal?: AbortSignal;
}

/** The name of the credential: `LoadCredential=holdfast-passphrase:…` in a systemd unit, see systemd.exec(5). */
const CREDENTIAL = 'holdfast-passphrase';
const MAX_BYTES = 64 * 1024;

/** The passphrase, or fails with `PASSPHRASE_NEEDED` and a hint that names all four places. Never taken from arguments. */
export async function requirePassphrase(request: PassphraseRequest): Promise<Passphrase> {
  return (await givenPassphrase(request)) ?? (await askedPassphrase(request)) ?? failNeeded(request.purpose);
}

/**
 * The passphrase that was given beforehand: by credential, file or environment, in that order; undefined when there is
 * none. What was named but cannot be used fails (`PASSPHRASE_FILE`) rather than passing to the next place.
 */
export async function givenPassphrase({ env, file }: PassphraseRequest): Promise<Passphrase | undefined> {
  const credential = await readCredential(env);
  if (credential !== undefined) return { text: credential, from: 'credential' };
  const named = file || env['HOLDFAST_PASSPHRASE_FILE'];
  if (named) return { text: await readPrivateFile(named), from: 'file' };
  const given = env['HOLDFAST_PASSPHRASE'];
  return given ? { text: given, from: 'environment' } : undefined;
}

/** `env` without any passphrase in it: for keys that it was not meant for. */
export function withoutPassphrase(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const places = new Set(['CREDENTIALS_DIRECTORY', 'HOLDFAST_PASSPHRASE_FILE', 'HOLDFAST_PASSPHRASE']);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !places.has(name)));
}

async function askedPassphrase(request: PassphraseRequest): Promise<Passphrase | undefined> {
  const { terminal, purpose, signal } = request;
  if (!terminal?.input.isTTY || !terminal.output.isTTY) return undefined;
  const text = await askSecret({ ...terminal, question: `Passphrase of ${purpose}: `, ...(signal && { signal }) });
  return text ? { text, from: 'terminal' } : undefined;
}

// systemd makes the folder and its files for this unit alone, partly by ACLs that widen the group bits: no mode is asked.
async function readCredential(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const folder = env['CREDENTIALS_DIRECTORY'];
  if (!folder) return undefined;
  const file = path.join(folder, CREDENTIAL);
  try {
    return decode(await readFile(file), file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readPrivateFile(file: string): Promise<string> {
  try {
    const facts = await stat(file);
    const shared = facts.mode & 0o077;
    // A pipe (`--passphrase-file <(pass show backup)`) is nobody else's, whatever its mode says.
    if (facts.isFile() && shared !== 0) {
      failFile(file, `can be read by others (mode ${(facts.mode & 0o777).toString(8)})`, `chmod 600 ${file}`);
    }
    return decode(await readFile(file), file);
  } catch (error) {
    if (error instanceof Error && 'code' in error) failFile(file, `cannot be read: ${error.message}`, undefined, error);
    throw error;
  }
}

/** The text of a passphrase file without the newline that editors and `echo` put at its end. */
function decode(bytes: Buffer, file: string): string {
  try {
    if (bytes.length > MAX_BYTES) failFile(file, `is longer than ${MAX_BYTES} bytes`);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '');
    if (text === '') failFile(file, 'is empty');
    return text;
  } catch (error) {
    if (error instanceof TypeError) failFile(file, 'is not UTF-8 text');
    throw error;
  } finally {
    bytes.fill(0);
  }
}

function failFile(file: string, reason: string, hint?: string, cause?: unknown): never {
  const message = `The passphrase file ${file} ${reason}.`;
  fail({ code: 'PASSPHRASE_FILE', message, origin: 'key', permanent: true, ...(hint && { hint }) }, cause);
}

function failNeeded(purpose: string): never {
  fail({
    code: 'PASSPHRASE_NEEDED',
    message: `The passphrase of ${purpose} is needed, and there is nobody to ask.`,
    origin: 'key',
    permanent: true,
    hint: [
      'It is taken from the first of these that is there:',
      `a credential   $CREDENTIALS_DIRECTORY/${CREDENTIAL} (systemd: LoadCredential=${CREDENTIAL}:/path)`,
      'a file         --passphrase-file <file>, or HOLDFAST_PASSPHRASE_FILE; mode 0600',
      'environment    HOLDFAST_PASSPHRASE',
      'a terminal     typed in, when stdin and stderr are one',
    ].join('\n'),
  });
}
