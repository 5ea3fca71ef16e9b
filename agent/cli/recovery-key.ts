import { existsSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { fail, failureOf } from '../contract/index.ts';
import type { Identity } from '../repository/keys/identity.ts';
import { readBounded } from '../security/bounded-file.ts';
import { givenPassphrase, type PassphraseRequest, requirePassphrase } from '../security/passphrase.ts';
import { createPrivateFile, removeUnfinished } from '../security/private-file.ts';
import { type Invocation, quoteWord } from './invocation.ts';
import { printable } from './output/printable.ts';

/** The private key that `init` makes for somebody who has no OpenPGP key yet. Meant to be taken off this host. */
export function recoveryKeyFile(stateFolder: string): string {
  return path.join(stateFolder, 'recovery-key.asc');
}

/** Its public half: stays here, to be put beside another policy of this host. */
export function recoveryPublicKeyFile(stateFolder: string): string {
  return path.join(stateFolder, 'recovery-key.pub.asc');
}

/** Its passphrase, where nobody was there to be told: `init --yes`, and the demo. */
export function recoveryPassphraseFile(stateFolder: string): string {
  return path.join(stateFolder, 'recovery-passphrase');
}

/** A key with all who have signed it, and more. */
const KEY_BYTES = 16 << 20;

export interface ReaderOptions {
  readonly key?: string;
  readonly passphraseFile?: string;
}

/**
 * Makes the recovery key in the state folder: its passphrase, the private half, the public half, in this order. Backups are sealed to the
 * public half, so it must never be there when the private one never was; the other way round it is made again from that.
 */
export async function makeRecoveryKey(o: {
  readonly stateFolder: string;
  readonly name: string;
  readonly passphrase: string;
  readonly keepPassphrase: boolean;
  readonly created: Date;
}): Promise<void> {
  const { generateRecoveryKey } = await import('../repository/keys/identity.ts');
  const key = await generateRecoveryKey({ name: o.name, passphrase: o.passphrase, created: o.created });
  // What is there belongs to a key that is not.
  for (const file of [recoveryPassphraseFile, recoveryPublicKeyFile]) await rm(file(o.stateFolder), { force: true });
  if (o.keepPassphrase) await createPrivateFile(recoveryPassphraseFile(o.stateFolder), `${o.passphrase}\n`);
  await createPrivateFile(recoveryKeyFile(o.stateFolder), key.privateKey);
  await createPrivateFile(recoveryPublicKeyFile(o.stateFolder), key.publicKey);
}

/** Ends what a process began that was killed while it made the key: nothing half-made stays, and no private half stands alone. */
export async function completeRecoveryKey(stateFolder: string): Promise<void> {
  const [key, publicKey] = [recoveryKeyFile(stateFolder), recoveryPublicKeyFile(stateFolder)];
  for (const file of [key, publicKey, recoveryPassphraseFile(stateFolder)]) await removeUnfinished(file);
  if (!existsSync(key) || existsSync(publicKey)) return;
  const { publicHalfOf } = await import('../repository/keys/identity.ts');
  await createPrivateFile(publicKey, await publicHalfOf(await readFile(key, 'utf8')));
}

/** Unlocks the private key that `--key` names, or the recovery key of the state folder. Exit 77 when there is none. */
export async function unlockReader(invocation: Invocation, options: ReaderOptions): Promise<Identity> {
  const { cwd, env, signal, stateFolder } = invocation;
  const file = options.key === undefined ? recoveryKeyFile(stateFolder) : path.resolve(cwd, options.key);
  const armored = await readKey(file);
  await warnOfReaders(invocation, file);
  const request: PassphraseRequest = {
    purpose: options.key === undefined ? 'the recovery key' : `the key ${file}`,
    env,
    signal,
    terminal: { input: process.stdin, output: process.stderr },
    ...passphraseFile(invocation, options),
  };
  const kept = options.key === undefined && existsSync(recoveryPassphraseFile(stateFolder));
  const given = await givenPassphrase(request);
  const passphrase =
    given ?? (await requirePassphrase(kept ? { ...request, file: recoveryPassphraseFile(stateFolder) } : request));
  const { unlockIdentity } = await import('../repository/keys/identity.ts');
  return unlockIdentity(armored, passphrase.text);
}

/**
 * The recovery key of this host, unlocked without asking anybody: by the passphrase that is given, one that was given some other
 * way, or the one that is kept beside it. Undefined when it is not here, or when no passphrase opens it.
 */
export async function unlockOwnRecoveryKey(
  invocation: Invocation,
  passphrase: string | undefined,
  options: Pick<ReaderOptions, 'passphraseFile'>,
): Promise<Identity | undefined> {
  const { env, stateFolder } = invocation;
  if (!existsSync(recoveryKeyFile(stateFolder))) return undefined;
  const armored = await readFile(recoveryKeyFile(stateFolder), 'utf8');
  const kept = recoveryPassphraseFile(stateFolder);
  const request = { purpose: 'the recovery key', env, ...passphraseFile(invocation, options) };
  const given = passphrase ?? (await givenPassphrase(request))?.text;
  const text = given ?? (existsSync(kept) ? (await givenPassphrase({ ...request, file: kept }))?.text : undefined);
  if (text === undefined) return undefined;
  const { unlockIdentity } = await import('../repository/keys/identity.ts');
  try {
    return await unlockIdentity(armored, text);
  } catch (error) {
    // What is set for another key is no mistake here: the operator is told what to do instead.
    if (failureOf(error, { code: 'KEY_DAMAGED', origin: 'key' }).code === 'WRONG_PASSPHRASE') return undefined;
    throw error;
  }
}

/** The passphrase still guards it: so it opens, on the day it is needed. */
async function warnOfReaders({ terminal }: Invocation, file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o077) === 0) return;
  terminal.warn(`The private key ${printable(file)} can be read by others on this host: chmod 600 ${quoteWord(file)}`);
}

/** `--passphrase-file`, made absolute; nothing when it was not given. */
export function passphraseFile(
  { cwd }: Invocation,
  { passphraseFile: file }: { readonly passphraseFile?: string },
): { readonly file?: string } {
  return file === undefined ? {} : { file: path.resolve(cwd, file) };
}

async function readKey(file: string): Promise<string> {
  const bytes = await readBounded(file, KEY_BYTES).catch((error) => failNoKey(file, reasonOf(error), error));
  return bytes.length > KEY_BYTES ? failNoKey(file, 'longer than any key') : bytes.toString('utf8');
}

/** What the system calls it, when it is more than that nothing is there. */
function reasonOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return code === 'ENOENT' ? undefined : code === 'EISDIR' ? 'a folder' : code;
}

function failNoKey(file: string, reason: string | undefined, cause?: unknown): never {
  fail(
    {
      code: 'READER_KEY_MISSING',
      message: `There is no private key at ${file} that could read backups${reason === undefined ? '' : ` (${reason})`}.`,
      origin: 'key',
      permanent: true,
      hint: 'A host cannot read what it backed up. Name the key of a recipient with --key <file>.',
    },
    cause,
  );
}
