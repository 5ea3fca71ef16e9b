import type { Policy } from '../../config/policy.ts';
import { type Failure, fail, failureOf } from '../../contract/index.ts';
import { readKeyOf } from '../../engine/recipients.ts';
import { decodeEpoch, type Epoch } from '../../repository/keys/epoch.ts';
import type { HostKeys } from '../../repository/keys/host-keys.ts';
import { readRecipient } from '../../repository/keys/recipient.ts';
import { readWriterCode } from '../../repository/keys/writer-code.ts';
import { EPOCHS_PREFIX } from '../../repository/layout.ts';
import type { Store } from '../../repository/store.ts';
import type { KnownWriter, Writers } from '../../repository/writers.ts';
import { openEngine } from '../engine.ts';
import { EXIT, type Exit } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { openRepository, readingOf } from '../open-repository.ts';
import { formatAge } from '../output/duration.ts';
import { printable } from '../output/printable.ts';
import { renderFailure } from '../output/report.ts';
import { renderFacts, renderTable } from '../output/table.ts';
import { requirePolicy } from '../policy.ts';

/** A recipient of the policy as its file stands now; without `fingerprint`, `failure` says why it cannot be used. */
interface KnownRecipient {
  readonly name: string;
  readonly file: string;
  readonly fingerprint?: string;
  readonly failure?: Failure;
}

interface KeyRing {
  readonly repository: string;
  readonly host: HostKeys | undefined;
  readonly recipients: readonly KnownRecipient[];
  readonly epochs: readonly Epoch[];
  readonly writers: readonly KnownWriter[];
  /** Key objects that cannot be read or trusted. */
  readonly problems: readonly Failure[];
}

/** Lists who can read, what is sealed to them, and who may write. Needs no private key. */
export async function listKeys(invocation: Invocation): Promise<Exit> {
  const { terminal } = invocation;
  const ring = await loadKeyRing(invocation);
  if (terminal.options.json) terminal.json({ ...ring, host: undefined, writer: ring.host?.writer ?? null });
  else
    terminal.data(
      `${recipientsTable(invocation, ring)}\n${epochsTable(invocation, ring)}\n${writersTable(invocation, ring)}`,
    );
  for (const problem of ring.problems) terminal.error(renderFailure(problem, terminal.paint.message));
  return ring.problems.length === 0 ? EXIT.ok : EXIT.failed;
}

/** Shows all that is known of one key, named by the beginning of its id or fingerprint, or a recipient's name. */
export async function showKey(invocation: Invocation, wanted: string): Promise<Exit> {
  const { terminal } = invocation;
  const ring = await loadKeyRing(invocation);
  const found = [
    ...ring.recipients
      .filter((one) => one.name === wanted || begins(one.fingerprint, wanted))
      .map((key) => ({ kind: 'recipient', key })),
    ...ring.epochs
      .filter((one) => begins(one.id, wanted))
      .map((key) => ({ kind: 'epoch', key: epochFacts(ring, key) })),
    ...ring.writers
      .filter((one) => begins(one.id, wanted) || one.code === readWriterCode(wanted))
      .map((key) => ({ kind: 'writer', key: writerFacts(key) })),
  ];
  const [only] = found;
  if (only === undefined || found.length > 1) return failNotOne(wanted, found.length, invocation);
  if (terminal.options.json) terminal.json({ kind: only.kind, ...only.key });
  else
    terminal.data(
      `${terminal.paint.data('bold', only.kind)}\n${renderFacts(shownFields(only.key), terminal.paint.data)}`,
    );
  return EXIT.ok;
}

async function loadKeyRing(invocation: Invocation): Promise<KeyRing> {
  const { policy, plugins } = await requirePolicy(invocation);
  const recipients = await readRecipients(policy, invocation.now());
  await using engine = await openEngine(invocation, plugins);
  await using repository = await openRepository(engine, readingOf(policy), invocation.signal);
  const { id, host, store, writers } = repository;
  const { epochs, problems } = await readEpochs(store, writers);
  return {
    repository: id,
    host,
    recipients,
    epochs,
    writers: [...writers],
    problems: [...repository.writers.problems.map(({ failure }) => failure), ...problems],
  };
}

async function readRecipients(policy: Policy, now: Date): Promise<KnownRecipient[]> {
  const each = Object.values(policy.recipients).map(async ({ name, publicKey: file }) => {
    try {
      const { fingerprint } = await readRecipient(name, await readKeyOf({ name, publicKey: file }), now);
      return { name, file, fingerprint };
    } catch (error) {
      return { name, file, failure: failureOf(error, { code: 'RECIPIENT_MISSING', origin: 'policy' }) };
    }
  });
  return Promise.all(each);
}

async function readEpochs(store: Store, writers: Writers): Promise<{ epochs: Epoch[]; problems: Failure[] }> {
  const epochs: Epoch[] = [];
  const problems: Failure[] = [];
  for (const key of await store.keys(EPOCHS_PREFIX)) {
    try {
      epochs.push(decodeEpoch(await store.get(key), key, writers.publicKeyOf, writers.repository));
    } catch (error) {
      problems.push(failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' }));
    }
  }
  return { epochs: epochs.sort((a, b) => (a.created < b.created ? -1 : 1)), problems };
}

function recipientsTable({ terminal, cwd }: Invocation, { recipients }: KeyRing): string {
  const rows = recipients.map(({ name, fingerprint, failure, file }) => [
    name,
    fingerprint ? grouped(fingerprint) : printable(failure?.message ?? ''),
    file.startsWith(`${cwd}/`) ? file.slice(cwd.length + 1) : file,
  ]);
  return renderTable(
    [{ title: 'RECIPIENT' }, { title: 'FINGERPRINT' }, { title: 'PUBLIC KEY' }],
    rows,
    terminal.paint.data,
  );
}

function epochsTable({ terminal, now }: Invocation, ring: KeyRing): string {
  const rows = ring.epochs.map((epoch) => [
    epoch.id.slice(0, 8),
    printable(epoch.domainName),
    formatAge(new Date(epoch.created), now()),
    sealedTo(ring, epoch).join(', '),
    isCurrent(ring, epoch) ? 'in use by this host' : '',
  ]);
  const columns = [{ title: 'EPOCH' }, { title: 'DOMAIN' }, { title: 'MADE' }, { title: 'SEALED TO' }, { title: '' }];
  return renderTable(columns, rows, terminal.paint.data);
}

function writersTable({ terminal, now }: Invocation, { writers }: KeyRing): string {
  const paint = terminal.paint.data;
  const rows = writers.map((writer) => [
    writer.id.slice(0, 8),
    printable(writer.host),
    writer.code,
    formatAge(new Date(writer.created), now()),
    isApproved(writer) ? approversOf(writer) : paint('yellow', 'nobody yet'),
    writer.own ? 'this host' : '',
  ]);
  const columns = ['WRITER', 'HOST', 'CODE', 'MADE', 'APPROVED BY', ''].map((title) => ({ title }));
  return renderTable(columns, rows, paint);
}

function isApproved({ approvals }: KnownWriter): boolean {
  return approvals.length > 0;
}

function approversOf({ approvals }: KnownWriter): string {
  return [...new Set(approvals.map(({ approverName }) => printable(approverName)))].join(', ');
}

function writerFacts({ approvals, ...writer }: KnownWriter) {
  const each = approvals.map(({ key, approverName, approver, created, domains }) => {
    const secrets = domains.length === 0 ? '' : `, with domain ${domains.map(({ name }) => name).join(', ')}`;
    return `${created} by ${approverName} (${approver})${secrets}: ${key}`;
  });
  return { ...writer, approvals: each };
}

function epochFacts(ring: KeyRing, { sealed, ...epoch }: Epoch) {
  return { ...epoch, sealedTo: sealedTo(ring, { sealed, ...epoch }), inUse: isCurrent(ring, { sealed, ...epoch }) };
}

function sealedTo({ recipients }: KeyRing, epoch: Epoch): string[] {
  return epoch.recipients.map(
    (fingerprint) =>
      recipients.find((recipient) => recipient.fingerprint === fingerprint)?.name ??
      `${fingerprint.slice(0, 16)}… (not in the policy)`,
  );
}

function isCurrent({ host }: KeyRing, { id }: Epoch): boolean {
  return host?.domains.some((domain) => domain.epoch.id === id) ?? false;
}

// In fours, as gpg shows them, so that two can be compared by eye.
function grouped(fingerprint: string): string {
  return fingerprint.toUpperCase().replace(/.{4}(?=.)/g, '$& ');
}

function shownFields(key: object): [string, string][] {
  return Object.entries(key).map(([name, value]) => {
    if (value instanceof Uint8Array) return [name, Buffer.from(value).toString('hex')];
    if (Array.isArray(value)) return [name, value.map((one) => printable(String(one))).join('\n')];
    if (typeof value === 'object' && value !== null && 'message' in value)
      return [name, printable(String(value.message))];
    return [name, printable(String(value))];
  });
}

function begins(id: string | undefined, wanted: string): boolean {
  return wanted.length >= 4 && id !== undefined && id.startsWith(wanted.toLowerCase().replaceAll(' ', ''));
}

function failNotOne(wanted: string, count: number, { command }: Invocation): never {
  fail({
    code: 'USAGE',
    message:
      count === 0
        ? `No key begins with ${JSON.stringify(wanted)}.`
        : `${count} keys begin with ${JSON.stringify(wanted)}.`,
    origin: 'agent',
    permanent: true,
    hint: count === 0 ? `Four digits or more are needed. ${command('keys')} lists them.` : 'Give more digits.',
  });
}
