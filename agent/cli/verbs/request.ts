import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Failure, fail, failureOf } from '../../contract/index.ts';
import type { RepositoryReading } from '../../engine/repository-reading.ts';
import { acceptedApproval } from '../../repository/approvals.ts';
import { approvalOf, sealWanted, wantedBy } from '../../repository/granting.ts';
import { type Approval, decodeStatement, encodeStatement } from '../../repository/keys/approval.ts';
import { type Approver, readSignatureFile } from '../../repository/keys/approver.ts';
import { findWriter } from '../../repository/writer-name.ts';
import { readBounded } from '../../security/bounded-file.ts';
import { openEngine } from '../engine.ts';
import { EXIT, type Exit } from '../exit.ts';
import { type Invocation, quoteWord } from '../invocation.ts';
import { openRepository, readingOf } from '../open-repository.ts';
import { printable } from '../output/printable.ts';
import { failUnknown, requirePolicy } from '../policy.ts';
import { type ReaderOptions, unlockReader } from '../recovery-key.ts';
import { sharingsOf } from '../sharing.ts';

/** Far more than a statement or a signature has. What is longer is cut there, and then is neither. */
const SIGNED_BYTES = 1 << 20;

export interface RequestOptions extends ReaderOptions {
  /** The recipient who will sign. */
  readonly as?: string;
  readonly output?: string;
}

/** An approval that was signed elsewhere. */
export interface SignedOptions {
  readonly signature?: string;
  readonly statement?: string;
}

/**
 * Writes the statement that approves a writer into a file, for somebody whose private key this program cannot use, as one on a
 * smartcard. The secrets of shared domains are in it only when a key that opens them is named.
 */
export async function request(invocation: Invocation, name: string, options: RequestOptions): Promise<Exit> {
  const { terminal, cwd, now, command } = invocation;
  const { policy, plugins } = await requirePolicy(invocation);
  await using engine = await openEngine(invocation, plugins);
  await using repository = await openRepository(engine, readingOf(policy), invocation.signal);
  const { writer } = findWriter(repository.writers, name);
  const approver = chooseApprover(repository.approvers, options.as);
  const wanted = await wantedBy(writer, sharingsOf(policy), repository);
  const open = wanted.filter(({ state }) => state === 'open').map((one) => one.name);
  const domains =
    open.length > 0 && options.key !== undefined
      ? await sealWanted(writer, wanted, await unlockReader(invocation, options))
      : [];
  const without = domains.length === 0 ? open : [];
  const statement = encodeStatement(approvalOf(writer, { domains, approver: approver.fingerprint, now: now() }));
  const file = path.resolve(cwd, options.output ?? `approval-${writer.id.slice(0, 8)}`);
  await writeFile(file, statement, { flag: 'wx' }).catch((error) => failFile(file, error));
  const { id, host, code } = writer;
  if (terminal.options.json) {
    terminal.json({ writer: id, host, code, approver: approver.fingerprint, statement: file, without });
  }
  for (const domain of without) {
    terminal.warn(
      `Without the secret of the shared domain ${printable(domain)}, for which its jobs then wait: --key names a key that opens it.`,
    );
  }
  terminal.message(
    [
      `The statement that ${printable(host)} is the writer with the code ${code} is in ${file}.`,
      'Compare the code with the one that the host itself shows; when they are the same:',
      `  gpg --detach-sign --local-user ${approver.fingerprint} ${quoteWord(file)}`,
      `  ${command(`keys approve ${code} --signature ${quoteWord(`${file}.sig`)}`)}`,
    ].join('\n'),
  );
  return EXIT.ok;
}

/** Stores an approval that was signed elsewhere: the statement lies beside the signature, where `request` wrote it. */
export async function storeSigned(
  invocation: Invocation,
  { id: repository, writers, store, approvers }: RepositoryReading,
  names: readonly string[],
  options: SignedOptions,
): Promise<Exit> {
  const { terminal, cwd } = invocation;
  const [name = '', ...more] = names;
  if (more.length > 0) failUsage('One signature approves one writer.', 'Name only the one that was signed for.');
  const { writer } = findWriter(writers, name);
  const signatureFile = path.resolve(cwd, options.signature ?? '');
  const beside = signatureFile.replace(/\.(?:sig|asc)$/, '');
  const file = options.statement === undefined ? beside : path.resolve(cwd, options.statement);
  if (file === signatureFile) {
    failUsage('Where the statement lies cannot be told from the name of the signature.', 'Name it: --statement <file>');
  }
  const read = async (one: string) =>
    new Uint8Array(await readBounded(one, SIGNED_BYTES).catch((error) => failFile(one, error)));
  const [statement, signed] = [await read(file), await read(signatureFile)];
  const said = readStatement(statement, file);
  const same =
    said.repository === repository &&
    said.writer === writer.id &&
    said.host === writer.host &&
    Buffer.compare(said.publicKey, writer.publicKey) === 0 &&
    Buffer.compare(said.joinKey, writer.joinKey) === 0;
  if (!same) fail(anotherStatement(file, writer.host));
  const approver = approvers.find(({ fingerprint }) => fingerprint === said.approver) ?? failStranger(said.approver);
  const { key, object } = await acceptedApproval(statement, await readSignatureFile(signed, signatureFile), approver);
  const stored = await store.put(key, object);
  const { id, host, code } = writer;
  const document = {
    writer: id,
    host,
    code,
    approved: true,
    stored: key,
    domains: said.domains.map((domain) => ({ name: domain.name, secret: true })),
  };
  if (terminal.options.json) terminal.json({ approvals: [document] });
  const how = stored === 'created' ? 'is approved' : 'was approved by this signature already; nothing was changed';
  terminal.message(`${terminal.paint.message('green', '✔')} ${printable(host)} ${how}`);
  return EXIT.ok;
}

/** A file that somebody named is no object of the repository: when it is something else, nothing there is damaged. */
function readStatement(bytes: Uint8Array, file: string): Approval {
  try {
    return decodeStatement(bytes, file);
  } catch (error) {
    const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
    if (failure.code !== 'OBJECT_DAMAGED') throw error;
    return fail(
      {
        code: 'STATEMENT_UNREADABLE',
        message: `${file} holds no statement that \`holdfast keys request\` wrote.`,
        origin: 'key',
        permanent: true,
        hint: 'Name the file that was signed, unchanged: --statement <file>',
      },
      error,
    );
  }
}

/** The recipient who is to sign: the one that was named, or the only one there is. */
function chooseApprover(approvers: readonly Approver[], name: string | undefined): Approver {
  const names = approvers.map((one) => one.name);
  const [only] = approvers;
  if (name !== undefined) return approvers.find((one) => one.name === name) ?? failUnknown('recipient', name, names);
  if (only !== undefined && approvers.length === 1) return only;
  return failUsage('The statement names who signs it.', `Say who does: --as ${names.join(' | ')}`);
}

function anotherStatement(file: string, host: string): Failure {
  return {
    code: 'APPROVAL_MISMATCH',
    message: `The statement ${file} is not one of the keys that ${JSON.stringify(host)} has in this repository.`,
    origin: 'key',
    permanent: true,
    hint: 'Make a new one with `holdfast keys request`, and compare the code again before it is signed.',
  };
}

function failStranger(fingerprint: string): never {
  return fail({
    code: 'WRONG_KEY',
    message: `The statement is to be signed by ${fingerprint}, no recipient of the policy: nobody would heed its approval.`,
    origin: 'key',
    permanent: true,
    hint: 'Make a statement for a key that the policy names under "recipients"; `holdfast keys` lists them.',
  });
}

function failUsage(message: string, hint: string): never {
  return fail({ code: 'USAGE', message, origin: 'agent', permanent: true, hint });
}

function failFile(file: string, error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const there = code === 'EEXIST';
  return fail(
    {
      code: 'USAGE',
      message: there
        ? `${file} is there already, and may be about to be signed.`
        : `${file} cannot be read or written (${code}).`,
      origin: 'agent',
      permanent: true,
      hint: there ? 'Remove it, or name another: --output <file>' : 'Check the name, and the folder it is in.',
    },
    error,
  );
}
