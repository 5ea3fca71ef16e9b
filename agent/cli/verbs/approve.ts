import { type Failure, fail } from '../../contract/index.ts';
import type { RepositoryReading } from '../../engine/repository-reading.ts';
import { signApproval } from '../../repository/approvals.ts';
import { approvalOf, sealWanted, type Wanted, wantedBy } from '../../repository/granting.ts';
import type { Identity } from '../../repository/keys/identity.ts';
import { findWriter, type NamedWriter } from '../../repository/writer-name.ts';
import type { KnownWriter } from '../../repository/writers.ts';
import { askSecret } from '../../security/prompt.ts';
import { openEngine } from '../engine.ts';
import { EXIT, type Exit } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { openRepository, readingOf } from '../open-repository.ts';
import { printable } from '../output/printable.ts';
import { renderFacts } from '../output/table.ts';
import { requirePolicy } from '../policy.ts';
import { type ReaderOptions, unlockReader } from '../recovery-key.ts';
import { sharingsOf } from '../sharing.ts';
import { type SignedOptions, storeSigned } from './request.ts';

export interface ApproveOptions extends ReaderOptions, SignedOptions {
  readonly yes?: boolean;
}

/** What there is to approve of one writer. */
interface Case extends NamedWriter {
  readonly wanted: readonly Wanted[];
}

/**
 * Says, with the key of a recipient, that these writers are the hosts they say they are, and gives them the secrets of the domains
 * that the policy has them share.
 */
export async function approve(
  invocation: Invocation,
  names: readonly string[],
  options: ApproveOptions,
): Promise<Exit> {
  const { terminal } = invocation;
  const { policy, plugins } = await requirePolicy(invocation);
  await using engine = await openEngine(invocation, plugins);
  await using repository = await openRepository(engine, readingOf(policy), invocation.signal);
  // Awaited here: the repository is closed when this ends, and a failure meanwhile would have nobody to hear of it.
  if (options.signature !== undefined) return await storeSigned(invocation, repository, names, options);
  const cases: Case[] = [];
  for (const name of names) {
    const named = findWriter(repository.writers, name);
    cases.push({ ...named, wanted: await wantedBy(named.writer, sharingsOf(policy), repository) });
  }
  for (const one of cases) terminal.message(renderCase(invocation, one));
  const open = cases.filter(isOpen);
  if (open.length > 0) await confirm(invocation, open, options.yes === true);
  const identity = open.length > 0 ? await unlockReader(invocation, options) : undefined;
  const stored = new Map<KnownWriter, string>();
  for (const one of open) {
    if (identity !== undefined) stored.set(one.writer, await approveOne(invocation, repository, one, identity));
  }
  report(invocation, cases, stored);
  return EXIT.ok;
}

/** Whether there is something that an approval would add. */
function isOpen({ writer, wanted }: Case): boolean {
  return writer.approvals.length === 0 || wanted.some(({ state }) => state === 'open');
}

async function approveOne(
  { now }: Invocation,
  { store, approvers }: RepositoryReading,
  { writer, wanted }: Case,
  identity: Identity,
): Promise<string> {
  const approver = approvers.find(({ fingerprint }) => fingerprint === identity.fingerprint);
  if (approver === undefined) return fail(noRecipient(identity));
  const domains = await sealWanted(writer, wanted, identity);
  const approval = approvalOf(writer, { domains, approver: approver.fingerprint, now: now() });
  const { key, object } = await signApproval(approval, { identity, approver, now: now() });
  await store.put(key, object);
  return key;
}

function noRecipient({ fingerprint }: Identity): Failure {
  return {
    code: 'WRONG_KEY',
    message: `Key ${fingerprint} is no recipient of the policy: nobody would heed its approval.`,
    origin: 'key',
    permanent: true,
    hint: 'Approve with a key that the policy names under "recipients"; `holdfast keys` lists them.',
  };
}

/** A name that is typed from elsewhere has to be compared by somebody; a code is compared by typing it. */
async function confirm({ terminal, signal }: Invocation, cases: readonly Case[], yes: boolean): Promise<void> {
  const unseen = cases.filter(({ by }) => by !== 'code');
  if (yes && unseen.length > 0) {
    fail({
      code: 'USAGE',
      message: `With --yes nobody compares the code: name ${unseen.map(({ writer }) => writer.id.slice(0, 8)).join(', ')} by it.`,
      origin: 'agent',
      permanent: true,
      hint: '`holdfast keys` on the host itself shows its code.',
    });
  }
  if (yes) return;
  const { stdin: input, stderr: output } = process;
  if (!input.isTTY || !output.isTTY) {
    fail({
      code: 'CONFIRMATION_NEEDED',
      message: 'Somebody has to say that this is the host it says it is, and there is nobody to ask.',
      origin: 'key',
      permanent: true,
      hint: 'Name it by its code and say --yes.',
    });
  }
  const question = `Is this what ${cases.length === 1 ? 'the host itself shows' : 'each host itself shows'} (\`holdfast keys\` there)? Approve [y/N] `;
  const answer = await askSecret({ question, shown: true, input, output, signal });
  if (!/^y(es)?$/i.test(answer?.trim() ?? '')) {
    fail({
      code: 'NOT_CONFIRMED',
      message: 'Nothing was approved.',
      origin: 'key',
      permanent: true,
      hint: 'Compare the code with the one the host shows. If they differ, somebody else has written to the target.',
    });
  }
  terminal.message('');
}

const STATES: Readonly<Record<Wanted['state'], string>> = {
  made: 'it has the secret',
  granted: 'it has the secret',
  open: 'gets the secret: it can make what others store there unrestorable, and guess at its content',
  absent: 'not made yet: by the first of its hosts that runs; the others are then approved again',
};

function renderCase({ terminal }: Invocation, { writer, wanted, by }: Case): string {
  const { host, id, code, approvals } = writer;
  const names = [...new Set(approvals.map(({ approverName }) => printable(approverName)))].join(', ');
  const facts: [string, string][] = [
    ['writer', id],
    ['code', `${code}${by === 'code' ? '' : '  compare it with the one that the host shows'}`],
    ['approved', names === '' ? 'by nobody yet' : `by ${names}`],
    ...wanted.map(({ name, state }): [string, string] => ['domain', `${printable(name)}: ${STATES[state]}`]),
  ];
  return `${terminal.paint.message('bold', printable(host))}\n${renderFacts(facts, terminal.paint.message)}`;
}

function report({ terminal }: Invocation, cases: readonly Case[], stored: ReadonlyMap<KnownWriter, string>): void {
  const document = cases.map(({ writer, wanted }) => ({
    writer: writer.id,
    host: writer.host,
    code: writer.code,
    approved: true,
    stored: stored.get(writer) ?? null,
    domains: wanted.map(({ name, state }) => ({ name, secret: state !== 'absent' })),
  }));
  if (terminal.options.json) terminal.json({ approvals: document });
  for (const { writer } of cases) {
    const said = stored.has(writer) ? 'is approved' : 'was approved already; nothing was changed';
    terminal.message(`${terminal.paint.message('green', '✔')} ${printable(writer.host)} ${said}`);
  }
}
