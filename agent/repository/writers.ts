import { type Failure, fail, failureOf } from '../contract/index.ts';
import { type CheckedApproval, type LoadedApprovals, loadApprovals } from './approvals.ts';
import type { Approver } from './keys/approver.ts';
import type { HostKeys } from './keys/host-keys.ts';
import { decodeWriter, type Writer } from './keys/writer.ts';
import { writerCode } from './keys/writer-code.ts';
import { WRITERS_PREFIX } from './layout.ts';
import type { Store } from './store.ts';

/** A writer as a reader sees it. */
export interface KnownWriter extends Writer {
  /** What people compare with what the host itself shows. */
  readonly code: string;
  /** Whether this host is it. */
  readonly own: boolean;
  /** By whom: none for a writer that nobody approved whom the policy names. */
  readonly approvals: readonly CheckedApproval[];
}

/** Whose word counts for a reader: its own keys, and the recipients that its policy names. */
export interface Trusting {
  readonly own?: HostKeys | undefined;
  readonly approvers: readonly Approver[];
}

/**
 * Who has written to a repository, and who of them is trusted. A writer object vouches only for itself. Trusted is this host, by
 * the keys in its state, and who was approved by somebody the policy names as a recipient: the policy is the operator's own, and
 * the repository is not asked.
 */
export class Writers {
  readonly #writers: ReadonlyMap<string, KnownWriter>;
  readonly #own: HostKeys | undefined;
  readonly #strangers: LoadedApprovals['strangers'];
  /** 32 hex: of which they are. */
  readonly repository: string;
  /** Objects of writers and approvals that could not be read, or are not what they say. */
  readonly problems: readonly Failure[];

  private constructor(o: {
    repository: string;
    writers: ReadonlyMap<string, KnownWriter>;
    own: HostKeys | undefined;
    strangers: LoadedApprovals['strangers'];
    problems: readonly Failure[];
  }) {
    this.repository = o.repository;
    this.#writers = o.writers;
    this.#own = o.own;
    this.#strangers = o.strangers;
    this.problems = o.problems;
  }

  /** `WRITER_FORGED` when the repository names another key for this host's own writer. */
  static async load(store: Store, repository: string, { own, approvers }: Trusting): Promise<Writers> {
    const published = await readWriters(store, repository, own);
    const approvals = await loadApprovals(store, repository, approvers);
    const problems = [...published.problems, ...approvals.problems];
    const writers = new Map<string, KnownWriter>();
    for (const id of new Set([...published.writers.keys(), ...approvals.of.keys()])) {
      const writer = combine(published.writers.get(id), approvals.of.get(id) ?? [], own, problems);
      if (writer !== undefined) writers.set(id, writer);
    }
    return new Writers({ repository, writers, own, strangers: approvals.strangers, problems });
  }

  /** The key of any writer, trusted or not: for showing what lies there, and for nothing else. */
  readonly publicKeyOf = (id: string): Uint8Array | undefined =>
    id === this.#own?.writer ? this.#own.signer.publicKey : this.#writers.get(id)?.publicKey;

  /** The key of a trusted writer. `WRITER_UNAPPROVED` for one that is there and not trusted; undefined when there is none. */
  readonly trustedKeyOf = (id: string): Uint8Array | undefined => {
    if (this.trusts(id)) return this.publicKeyOf(id);
    return this.#writers.has(id) ? fail(this.unapproved(id, 'what it signed')) : undefined;
  };

  trusts(id: string): boolean {
    return id === this.#own?.writer || this.isApproved(id);
  }

  /** Whether others than the writer itself trust it. */
  isApproved(id: string): boolean {
    return (this.#writers.get(id)?.approvals.length ?? 0) > 0;
  }

  get(id: string): KnownWriter | undefined {
    return this.#writers.get(id);
  }

  [Symbol.iterator](): IterableIterator<KnownWriter> {
    return this.#writers.values();
  }

  /** Why `what` (said in the message) of an untrusted writer is not used, and how that is changed. */
  unapproved(id: string, what: string): Failure {
    const writer = this.#writers.get(id);
    const strangers = this.#strangers.get(id) ?? [];
    const whose = writer === undefined ? `writer ${id}, of whom nothing is known` : `writer ${nameOf(writer)}`;
    return {
      code: 'WRITER_UNAPPROVED',
      message: `${what} is not used: nobody whom the policy names has approved ${whose}.`,
      origin: 'key',
      permanent: true,
      hint: [
        'Compare the code that `holdfast keys` shows here with the one that it shows on that host; when they are the same, whoever has',
        `a recovery key approves it: \`holdfast keys approve ${id.slice(0, 8)} --key <recovery key>\`.`,
        ...(strangers.length === 0
          ? []
          : [`It is said to be approved by ${strangers.join(', ')}, no recipient of the policy.`]),
      ].join('\n'),
    };
  }
}

function nameOf({ id, host }: Writer): string {
  return `${id.slice(0, 8)} of host ${JSON.stringify(host)}`;
}

async function readWriters(store: Store, repository: string, own: HostKeys | undefined) {
  const writers = new Map<string, Writer>();
  const problems: Failure[] = [];
  for (const key of await store.keys(WRITERS_PREFIX)) {
    try {
      const writer = await store.read(key, undefined, (bytes) => decodeWriter(bytes, key));
      if (writer.repository === repository) writers.set(writer.id, checkOwn(writer, own));
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      // Without its writer, every snapshot would look forged.
      if (failure.code === 'WRITER_FORGED' || isUnreachable(failure)) throw error;
      problems.push(failure);
    }
  }
  return { writers, problems };
}

/**
 * An approval says the keys that were looked at; the object of the writer may have been replaced since. Of two approvals with
 * different keys, one was signed for a forgery: then neither counts.
 */
function combine(
  published: Writer | undefined,
  approvals: readonly CheckedApproval[],
  own: HostKeys | undefined,
  problems: Failure[],
): KnownWriter | undefined {
  const [first] = approvals;
  const approved: Writer | undefined = first && { ...first, id: first.writer };
  const writer = approved ?? published;
  if (writer === undefined) return undefined;
  const isOwn = writer.id === own?.writer;
  const held = isOwn ? { publicKey: own.signer.publicKey, joinKey: own.join.publicKey } : writer;
  const agree = approvals.every((approval) => sameKeys(approval, held));
  if (!agree || (published !== undefined && !sameKeys(published, held))) problems.push(disagreeing(writer, agree));
  const known = { ...writer, ...held, created: published?.created ?? writer.created };
  const { id, repository, host, publicKey, joinKey, created } = known;
  const code = writerCode({ id, repository, host, publicKey, joinKey });
  return { id, repository, host, publicKey, joinKey, created, code, own: isOwn, approvals: agree ? approvals : [] };
}

type Keys = Pick<Writer, 'publicKey' | 'joinKey'>;

function sameKeys(a: Keys, b: Keys): boolean {
  return Buffer.compare(a.publicKey, b.publicKey) === 0 && Buffer.compare(a.joinKey, b.joinKey) === 0;
}

function disagreeing(writer: Writer, agree: boolean): Failure {
  return {
    code: 'WRITER_FORGED',
    message: agree
      ? `The repository names other keys for writer ${nameOf(writer)} than those that were approved; the approved ones count.`
      : `There are approvals of writer ${nameOf(writer)} for different keys; none of them counts.`,
    origin: 'repository',
    permanent: true,
    hint: agree
      ? 'Somebody replaced its object: compare with another copy of the repository.'
      : 'Somebody approved a forged key. Remove that approval (`holdfast keys show <writer>` names each) and find out who could write here.',
  };
}

function isUnreachable({ origin, code }: Failure): boolean {
  return origin === 'target' && code !== 'OBJECT_MISSING';
}

function checkOwn(writer: Writer, own: HostKeys | undefined): Writer {
  if (own === undefined || writer.id !== own.writer) return writer;
  if (sameKeys(writer, { publicKey: own.signer.publicKey, joinKey: own.join.publicKey })) return writer;
  return fail({
    code: 'WRITER_FORGED',
    message: `the repository names another signing key for this host's writer ${writer.id}`,
    origin: 'repository',
    permanent: true,
    hint: 'somebody replaced it: compare with another copy of the repository before you trust this one',
  });
}
