import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { fail } from '../contract/index.ts';
import { generatePassphrase } from '../security/generated-passphrase.ts';
import { givenPassphrase } from '../security/passphrase.ts';
import type { Invocation } from './invocation.ts';
import { makeRecoveryKey, passphraseFile, recoveryKeyFile, recoveryPublicKeyFile } from './recovery-key.ts';

/** Where the passphrase of a new recovery key went: it was given, shown to a person once, or kept in a file. */
export type PassphraseFate = 'given' | 'shown' | 'kept';

export interface RecoveryKeyOptions {
  /** Ask nothing: a passphrase that was not given is made and kept. */
  readonly yes?: boolean;
  readonly passphraseFile?: string;
}

/**
 * Makes this host's recovery key when there is none; undefined when it was there, or when it was made once and has been
 * taken off since (its public half stays). Fails with PASSPHRASE_NEEDED before anything is made.
 */
export async function ensureRecoveryKey(
  invocation: Invocation,
  options: RecoveryKeyOptions,
): Promise<PassphraseFate | undefined> {
  const { stateFolder, env, now, terminal } = invocation;
  if (existsSync(recoveryKeyFile(stateFolder)) || existsSync(recoveryPublicKeyFile(stateFolder))) return undefined;
  const given = await givenPassphrase({ purpose: 'the recovery key', env, ...passphraseFile(invocation, options) });
  const fate = given ? 'given' : options.yes ? 'kept' : canShow() ? 'shown' : failNobodyThere();
  const passphrase = given?.text ?? generatePassphrase();
  const name = `Holdfast recovery of ${hostname()}`;
  terminal.message('Making a recovery key …');
  await makeRecoveryKey({ stateFolder, name, passphrase, keepPassphrase: fate === 'kept', created: now() });
  if (fate === 'shown') await showOnce(invocation, passphrase);
  return fate;
}

function canShow(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Shows it, waits until it was written down, and takes it off the screen again. */
async function showOnce({ terminal, signal }: Invocation, passphrase: string): Promise<void> {
  const { createInterface } = await import('node:readline/promises');
  const paint = terminal.paint.message;
  const lines = [
    '',
    'The passphrase of the recovery key. Write it down: it is shown this once, and kept nowhere.',
    '',
    `    ${paint('bold', passphrase)}`,
    '',
    '',
  ];
  process.stderr.write(lines.join('\n'));
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    await prompt.question('Press Enter when it is written down. ', { signal });
  } finally {
    prompt.close();
  }
  // Up over the question and the lines above it, and clear to the end of the screen.
  process.stderr.write(`\x1b[${lines.length}A\r\x1b[J`);
}

function failNobodyThere(): never {
  fail({
    code: 'PASSPHRASE_NEEDED',
    message: 'A recovery key is to be made, and there is nobody to show its passphrase to.',
    origin: 'key',
    permanent: true,
    hint: [
      'Give one by $CREDENTIALS_DIRECTORY/holdfast-passphrase, --passphrase-file <file>, HOLDFAST_PASSPHRASE_FILE or',
      'HOLDFAST_PASSPHRASE; or say --yes, and one is made and kept in the state folder, beside the key.',
    ].join('\n'),
  });
}
