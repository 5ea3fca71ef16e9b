import path from 'node:path';
import { fail } from '../contract/index.ts';
import { askSecret, type SecretInput, type SecretOutput } from './prompt.ts';
import { readGuardedFile, readSecretFile, type SecretText } from './secret-text.ts';

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
  if (named) return { text: textOf(named, await readSecretFile(named)), from: 'file' };
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
  const read = await readGuardedFile(file);
  if ('fault' in read && read.cause && 'code' in read.cause && read.cause.code === 'ENOENT') return undefined;
  return textOf(file, read);
}

function textOf(file: string, read: SecretText): string {
  if ('text' in read) return read.text;
  const { fault, hint, cause } = read;
  const message = `The passphrase file ${file} ${fault}.`;
  return fail({ code: 'PASSPHRASE_FILE', message, origin: 'key', permanent: true, ...(hint && { hint }) }, cause);
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
