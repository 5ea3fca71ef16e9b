import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Policy, RecipientSpec } from '../../config/policy.ts';
import { fail } from '../../contract/index.ts';
import { createWholeFile, removeUnfinished } from '../../security/private-file.ts';
import { makeDurableFolder } from '../../system/durable-folder.ts';
import { EXIT, type Exit } from '../exit.ts';
import { firstPolicy, POLICY_NAME, RECOVERY_RECIPIENT } from '../first-policy.ts';
import { lockInit } from '../init-lock.ts';
import { type Invocation, quoteWord } from '../invocation.ts';
import { printable } from '../output/printable.ts';
import type { OwnWriter } from '../own-writer.ts';
import { findPolicy, requirePolicy } from '../policy.ts';
import {
  recoveryKeyFile,
  recoveryPassphraseFile,
  recoveryPublicKeyFile,
  unlockOwnRecoveryKey,
} from '../recovery-key.ts';
import { ensureRecoveryKey, type MadeRecoveryKey, type PassphraseFate } from '../recovery-key-setup.ts';
import { type Setup, type SetupStep, setUpRepository } from '../setup.ts';
import { makeStateFolder } from '../state.ts';

export interface InitOptions {
  /** The repository is another host's. */
  readonly join?: boolean;
  readonly yes?: boolean;
  readonly protect?: string;
  readonly passphraseFile?: string;
}

/** Brings a host from nothing to its first run. Each step leaves alone what is there, so that it can be repeated. */
export async function init(invocation: Invocation, options: InitOptions): Promise<Exit> {
  const { stateFolder } = invocation;
  await makeStateFolder(stateFolder);
  using _ = lockInit(stateFolder);
  if (options.join) return join(invocation);
  const steps: SetupStep[] = [];
  const found = await findPolicy(invocation);
  const file = found.files[0] ?? newPolicyFile(invocation);
  await orDenied(file, () => removeUnfinished(file));
  const missing = !existsSync(file);
  if (options.protect !== undefined)
    requireProtectable(invocation, options.protect, missing ? undefined : found.policy);
  let recovery: MadeRecoveryKey | undefined;
  // The key comes before the policy: where a passphrase cannot be had, nothing is left behind.
  if (missing || unwritten(Object.values(found.policy?.recipients ?? {}))) {
    recovery = await ensureRecoveryKey(invocation, options);
    steps.push({ what: `recovery key ${recoveryKeyFile(stateFolder)}`, made: recovery !== undefined });
  }
  if (missing) await writeFirstPolicy(invocation, options, file);
  steps.push({ what: `policy ${file}`, made: missing });
  const { policy, plugins } = await requirePolicy({ ...invocation, policy: file });
  await publishRecoveryKey(stateFolder, Object.values(policy.recipients));
  const identity = () => unlockOwnRecoveryKey(invocation, recovery?.passphrase, options);
  const setup = await setUpRepository(invocation, policy, plugins, { join: false, identity });
  report(invocation, { file, ...setup, steps: [...steps, ...setup.steps], fate: recovery?.fate });
  return EXIT.ok;
}

/** Makes this host one more of a repository that is there. The policy is there too: it is the same on all of them. */
async function join(invocation: Invocation): Promise<Exit> {
  const { files } = await findPolicy(invocation);
  if (files.length === 0) failNothingToJoin();
  const { policy, plugins } = await requirePolicy(invocation);
  // A recovery key that lies here opens what other hosts stored: then it is not this host's to say who it is.
  const setup = await setUpRepository(invocation, policy, plugins, { join: true, identity: async () => undefined });
  report(invocation, { file: policy.file, ...setup, fate: undefined });
  return EXIT.ok;
}

function failNothingToJoin(): never {
  return fail({
    code: 'POLICY_INVALID',
    message: 'There is no policy here that says which repository to join.',
    origin: 'policy',
    permanent: true,
    hint: 'Bring the policy of the first host, with the public keys beside it, and name it: --policy <file>',
  });
}

function newPolicyFile({ cwd, policy }: Invocation): string {
  const named = path.resolve(cwd, policy ?? POLICY_NAME);
  return statSync(named, { throwIfNoEntry: false })?.isDirectory() ? path.join(named, POLICY_NAME) : named;
}

/** The recipient that `init` makes a key for: the one called "recovery", while its public key is not where the policy says. */
function unwritten(recipients: readonly RecipientSpec[]): RecipientSpec | undefined {
  return recipients.find(({ name, publicKey }) => name === RECOVERY_RECIPIENT && !existsSync(publicKey));
}

/** `written`: the policy that is there already, and is not changed: it must be the one that this command would have written. */
function requireProtectable({ cwd }: Invocation, protect: string, written: Policy | undefined): void {
  const folder = path.resolve(cwd, protect);
  const refuse = (message: string, hint: string) =>
    fail({
      code: 'USAGE',
      message: `--protect ${printable(folder)}: ${message}`,
      origin: 'policy',
      permanent: true,
      hint,
    });
  if (written === undefined && !existsSync(folder))
    refuse('there is nothing of that name', 'name a folder that is there');
  const paths = Object.values(written?.sources ?? {}).flatMap(
    ({ options }) => (options as { paths?: unknown }).paths ?? [],
  );
  if (written !== undefined && !paths.includes(folder))
    refuse(
      `${printable(written.file)} is there already, and does not protect it`,
      'nothing was changed: add it to that policy under "sources", with a job, then say `holdfast init`',
    );
}

async function publishRecoveryKey(stateFolder: string, recipients: readonly RecipientSpec[]): Promise<void> {
  for (const { publicKey } of recipients) await removeUnfinished(publicKey);
  const recipient = unwritten(recipients);
  if (!recipient) return;
  const text = await readFile(recoveryPublicKeyFile(stateFolder), 'utf8');
  await writeBeside(recipient.publicKey, text);
}

async function writeFirstPolicy({ cwd, stateFolder }: Invocation, options: InitOptions, file: string): Promise<void> {
  const folder = path.dirname(file);
  const protect = path.resolve(cwd, options.protect ?? '.');
  const text = firstPolicy({ folder, protect, repository: path.join(stateFolder, 'repository') });
  await writeBeside(file, text);
}

async function writeBeside(file: string, text: string): Promise<void> {
  await orDenied(file, async () => {
    await makeDurableFolder(path.dirname(file));
    await createWholeFile(file, text, 0o666);
  });
}

/** What the system refuses of a policy, or of a public key that it names, is no mistake of this program. */
async function orDenied(file: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Error) || !('errno' in error)) throw error;
    fail(
      {
        code: 'POLICY_DENIED',
        message: `${printable(file)} cannot be written: ${error.message}`,
        origin: 'policy',
        permanent: true,
        hint: 'Say it where this user may write, or name another place: --policy <file>',
      },
      error,
    );
  }
}

interface Outcome {
  readonly file: string;
  readonly steps: readonly SetupStep[];
  readonly writer: OwnWriter;
  readonly pending: Setup['pending'];
  readonly fate: PassphraseFate | undefined;
}

function report(invocation: Invocation, { file, steps, writer, pending, fate }: Outcome): void {
  const { terminal, stateFolder } = invocation;
  const changed = steps.some(({ made }) => made);
  const recoveryKey = existsSync(recoveryKeyFile(stateFolder)) ? recoveryKeyFile(stateFolder) : null;
  if (terminal.options.json) terminal.json({ changed, policy: file, stateFolder, steps, writer, pending, recoveryKey });
  const paint = terminal.paint.message;
  for (const { what, made } of steps) {
    terminal.message(made ? `${paint('green', '✔')} made  ${what}` : `${paint('dim', '·')} there ${what}`);
  }
  if (!changed) terminal.message('\nEverything was there already; nothing was changed.');
  for (const { message } of pending) terminal.warn(printable(message));
  if (!writer.approved || pending.length > 0) askForApproval(invocation, writer);
  if (recoveryKey) warnOfRecoveryKey(invocation, fate);
  const policy = path.dirname(file) === invocation.cwd ? '' : ` --policy ${quoteWord(file)}`;
  terminal.message(`\nNext: ${invocation.command(`run${invocation.policy === undefined ? policy : ''}`)}`);
}

function askForApproval({ terminal, command }: Invocation, { code, approved }: OwnWriter): void {
  const why = approved
    ? 'This host is approved, and waits for the secrets of shared domains; all other jobs run.'
    : 'Nobody has approved the keys of this host yet. It backs up; but no other machine restores from it until then.';
  terminal.warn(
    [
      why,
      `  The code of its keys:  ${code}`,
      '  Whoever has a recovery key compares it and says, where the policy and that key are:',
      `    ${command(`keys approve ${code} --key <recovery key>`)}`,
    ].join('\n'),
  );
}

function warnOfRecoveryKey({ terminal, stateFolder, command }: Invocation, fate: PassphraseFate | undefined): void {
  const kept = existsSync(recoveryPassphraseFile(stateFolder))
    ? ` ${quoteWord(recoveryPassphraseFile(stateFolder))}`
    : '';
  const key = quoteWord(recoveryKeyFile(stateFolder));
  const files = `${key}${kept}`;
  terminal.warn(
    [
      'The recovery key opens every backup, and it lies on this host. Without it, nothing can be restored.',
      '  Copy it to two other places that stay when this host is gone, then take it off:',
      `    cp ${files} /media/usb-stick/      and again, somewhere else`,
      `    rm ${files}`,
      `  To restore, name the copy: ${command('restore <source> --key <file>')}`,
    ].join('\n'),
  );
  if (kept && fate !== undefined) {
    terminal.warn('Nobody was asked for a passphrase: one was made, and lies beside the key (mode 0600).');
  }
}
