import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { fail } from '../contract/index.ts';
import { generatePassphrase } from '../security/generated-passphrase.ts';
import { givenPassphrase } from '../security/passphrase.ts';
import { askSecret } from '../security/prompt.ts';
import type { Invocation } from './invocation.ts';
import {
  completeRecoveryKey,
  makeRecoveryKey,
  passphraseFile,
  recoveryKeyFile,
  recoveryPublicKeyFile,
} from './recovery-key.ts';

/** Where the passphrase of a new recovery key went: it was given, shown to a person once, or kept in a file. */
export type PassphraseFate = 'given' | 'shown' | 'kept';

export interface MadeRecoveryKey {
  readonly fate: PassphraseFate;
  readonly passphrase: string;
}

export interface RecoveryKeyOptions {
  /** Ask nothing: a passphrase that was not given is made and kept. */
  readonly yes?: boolean;
  readonly passphraseFile?: string;
}

/**
 * Makes this host's recovery key when there is none; undefined when it was there, or when it was made once and has been
 * taken off since (its public half stays). Only under `lockInit`. Fails with PASSPHRASE_NEEDED before anything is made.
 */
export async function ensureRecoveryKey(
  invocation: Invocation,
  options: RecoveryKeyOptions,
): Promise<MadeRecoveryKey | undefined> {
  const { stateFolder, env, now, terminal } = invocation;
  await completeRecoveryKey(stateFolder);
  if (existsSync(recoveryKeyFile(stateFolder)) || existsSync(recoveryPublicKeyFile(stateFolder))) return undefined;
  const given = await givenPassphrase({ purpose: 'the recovery key', env, ...passphraseFile(invocation, options) });
  const fate = given ? 'given' : options.yes ? 'kept' : canShow() ? 'shown' : failNobodyThere();
  const passphrase = given?.text ?? generatePassphrase();
  const name = `Holdfast recovery of ${hostname()}`;
  // Before there is a key: one whose passphrase nobody has seen would be there, and open nothing.
  if (fate === 'shown') await showOnce(invocation, passphrase);
  terminal.message('Making a recovery key …');
  await makeRecoveryKey({ stateFolder, name, passphrase, keepPassphrase: fate === 'kept', created: now() });
  return { fate, passphrase };
}

function canShow(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

// ECMA-48 has no screen to go back from; xterm's alternate one (1049) is what terminals have. Nothing in it is scrolled back to.
const ENTER_SCREEN = '\x1b[?1049h\x1b[H';
const LEAVE_SCREEN = '\x1b[?1049l';

/** Shows it on a screen of its own, waits until it was written down, and goes back to what was there. */
async function showOnce({ terminal, signal, env }: Invocation, passphrase: string): Promise<void> {
  const apart = env['TERM'] !== 'dumb';
  const lines = [
    'The passphrase of the recovery key.',
    'Write it down: it is shown this once, and kept nowhere.',
    '',
    `    ${terminal.paint.message('bold', passphrase)}`,
    '',
    '',
  ];
  process.stderr.write(`${apart ? ENTER_SCREEN : ''}${lines.join('\n')}`);
  try {
    const question = 'Press Enter when it is written down. ';
    await askSecret({ question, input: process.stdin, output: process.stderr, signal });
  } finally {
    if (apart) process.stderr.write(LEAVE_SCREEN);
  }
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
