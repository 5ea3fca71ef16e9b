import { existsSync, statSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { RecipientSpec } from '../../config/policy.ts';
import { createWholeFile, removeUnfinished } from '../../security/private-file.ts';
import { EXIT, type Exit } from '../exit.ts';
import { firstPolicy, POLICY_NAME, RECOVERY_RECIPIENT } from '../first-policy.ts';
import { type Invocation, quoteWord } from '../invocation.ts';
import { findPolicy, requirePolicy } from '../policy.ts';
import { recoveryKeyFile, recoveryPassphraseFile, recoveryPublicKeyFile } from '../recovery-key.ts';
import { ensureRecoveryKey, type PassphraseFate } from '../recovery-key-setup.ts';
import { type SetupStep, setUpRepository } from '../setup.ts';
import { makeStateFolder } from '../state.ts';

export interface InitOptions {
  readonly yes?: boolean;
  readonly protect?: string;
  readonly passphraseFile?: string;
}

/** Brings a host from nothing to its first run. Each step leaves alone what is there, so that it can be repeated. */
export async function init(invocation: Invocation, options: InitOptions): Promise<Exit> {
  const { stateFolder } = invocation;
  await makeStateFolder(stateFolder);
  const steps: SetupStep[] = [];
  const found = await findPolicy(invocation);
  const file = found.files[0] ?? newPolicyFile(invocation);
  await removeUnfinished(file);
  const missing = !existsSync(file);
  let fate: PassphraseFate | undefined;
  // The key comes before the policy: where a passphrase cannot be had, nothing is left behind.
  if (missing || unwritten(Object.values(found.policy?.recipients ?? {}))) {
    fate = await ensureRecoveryKey(invocation, options);
    steps.push({ what: `recovery key ${recoveryKeyFile(stateFolder)}`, made: fate !== undefined });
  }
  if (missing) await writeFirstPolicy(invocation, options, file);
  steps.push({ what: `policy ${file}`, made: missing });
  const { policy, plugins } = await requirePolicy({ ...invocation, policy: file });
  await publishRecoveryKey(stateFolder, Object.values(policy.recipients));
  steps.push(...(await setUpRepository(invocation, policy, plugins)));
  report(invocation, { file, steps, fate });
  return EXIT.ok;
}

function newPolicyFile({ cwd, policy }: Invocation): string {
  const named = path.resolve(cwd, policy ?? POLICY_NAME);
  return statSync(named, { throwIfNoEntry: false })?.isDirectory() ? path.join(named, POLICY_NAME) : named;
}

/** The recipient that `init` makes a key for: the one called "recovery", while its public key is not where the policy says. */
function unwritten(recipients: readonly RecipientSpec[]): RecipientSpec | undefined {
  return recipients.find(({ name, publicKey }) => name === RECOVERY_RECIPIENT && !existsSync(publicKey));
}

async function publishRecoveryKey(stateFolder: string, recipients: readonly RecipientSpec[]): Promise<void> {
  for (const { publicKey } of recipients) await removeUnfinished(publicKey);
  const recipient = unwritten(recipients);
  if (!recipient) return;
  await mkdir(path.dirname(recipient.publicKey), { recursive: true });
  await createWholeFile(recipient.publicKey, await readFile(recoveryPublicKeyFile(stateFolder), 'utf8'), 0o666);
}

async function writeFirstPolicy({ cwd, stateFolder }: Invocation, options: InitOptions, file: string): Promise<void> {
  const folder = path.dirname(file);
  const protect = path.resolve(cwd, options.protect ?? '.');
  const text = firstPolicy({ folder, protect, repository: path.join(stateFolder, 'repository') });
  await mkdir(folder, { recursive: true });
  await createWholeFile(file, text, 0o666);
}

interface Outcome {
  readonly file: string;
  readonly steps: readonly SetupStep[];
  readonly fate: PassphraseFate | undefined;
}

function report(invocation: Invocation, { file, steps, fate }: Outcome): void {
  const { terminal, stateFolder } = invocation;
  const changed = steps.some(({ made }) => made);
  const recoveryKey = existsSync(recoveryKeyFile(stateFolder)) ? recoveryKeyFile(stateFolder) : null;
  if (terminal.options.json) terminal.json({ changed, policy: file, stateFolder, steps, recoveryKey });
  const paint = terminal.paint.message;
  for (const { what, made } of steps) {
    terminal.message(made ? `${paint('green', '✔')} made  ${what}` : `${paint('dim', '·')} there ${what}`);
  }
  if (!changed) terminal.message('\nEverything was there already; nothing was changed.');
  if (recoveryKey) warnOfRecoveryKey(invocation, fate);
  const policy = path.dirname(file) === invocation.cwd ? '' : ` --policy ${quoteWord(file)}`;
  terminal.message(`\nNext: ${invocation.command(`run${invocation.policy === undefined ? policy : ''}`)}`);
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
