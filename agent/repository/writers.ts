import { type Failure, fail, failureOf } from '../contract/index.ts';
import { type LoadedApprovals, loadApprovals } from './approvals.ts';
import type { Approver } from './keys/approver.ts';
import type { HostKeys } from './keys/host-keys.ts';
import { decodeWriter, type Writer } from './keys/writer.ts';
import { WRITERS_PREFIX, writerKey } from './layout.ts';
import type { ObjectProblem, Store } from './store.ts';
import { type KnownWriter, nameOf, sameKeys, vouchedWriter } from './vouched-writer.ts';

export type { KnownWriter } from './vouched-writer.ts';

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
  readonly #approvers: readonly Approver[];
  readonly #strangers: LoadedApprovals['strangers'];
  readonly #divided: ReadonlyMap<string, Failure>;
  /** 32 hex: of which they are. */
  readonly repository: string;
  /** Objects of writers and approvals that could not be read, or are not what they say. */
  readonly problems: readonly ObjectProblem[];
  /** Writers and approvals of other repositories: passed over, and a reason to ask who put them there. */
  readonly foreign: readonly ObjectProblem[];

  private constructor(o: {
    repository: string;
    writers: ReadonlyMap<string, KnownWriter>;
    trusting: Trusting;
    strangers: LoadedApprovals['strangers'];
    divided: ReadonlyMap<string, Failure>;
    problems: readonly ObjectProblem[];
    foreign: readonly ObjectProblem[];
  }) {
    this.repository = o.repository;
    this.#writers = o.writers;
    this.#own = o.trusting.own;
    this.#approvers = o.trusting.approvers;
    this.#strangers = o.strangers;
    this.#divided = o.divided;
    this.problems = o.problems;
    this.foreign = o.foreign;
  }

  /** `WRITER_FORGED` when the repository names another key for this host's own writer. */
  static async load(store: Store, repository: string, trusting: Trusting): Promise<Writers> {
    const { own, approvers } = trusting;
    const published = await readWriters(store, repository, own);
    const approvals = await loadApprovals(store, repository, approvers);
    const problems = [...published.problems, ...approvals.problems];
    const foreign = [...published.foreign, ...approvals.foreign];
    const writers = new Map<string, KnownWriter>();
    const divided = new Map<string, Failure>();
    for (const id of new Set([...published.writers.keys(), ...approvals.of.keys()])) {
      const { writer, forged, counting } = vouchedWriter(published.writers.get(id), approvals.of.get(id) ?? [], own);
      if (writer !== undefined) writers.set(id, writer);
      if (forged !== undefined) problems.push({ object: writerKey(id), failure: forged });
      if (forged !== undefined && !counting) divided.set(id, forged);
    }
    return new Writers({ repository, writers, trusting, strangers: approvals.strangers, divided, problems, foreign });
  }

  /** The same by what lies in another store: one of the targets alone. */
  in(store: Store): Promise<Writers> {
    return Writers.load(store, this.repository, { own: this.#own, approvers: this.#approvers });
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
    const divided = this.#divided.get(id);
    if (divided !== undefined) {
      const { message, hint = '' } = divided;
      return {
        code: 'WRITER_UNAPPROVED',
        message: `${what} is not used: ${message}`,
        origin: 'key',
        permanent: true,
        hint,
      };
    }
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

async function readWriters(store: Store, repository: string, own: HostKeys | undefined) {
  const writers = new Map<string, Writer>();
  const problems: ObjectProblem[] = [];
  const foreign: ObjectProblem[] = [];
  for (const key of await store.keys(WRITERS_PREFIX)) {
    try {
      const writer = await store.read(key, undefined, (bytes) => decodeWriter(bytes, key));
      if (writer.repository === repository) writers.set(writer.id, checkOwn(writer, own));
      else foreign.push({ object: key, failure: ofAnother(key, writer) });
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      // Without its writer, every snapshot would look forged.
      if (failure.code === 'WRITER_FORGED' || isUnreachable(failure)) throw error;
      problems.push({ object: key, failure });
    }
  }
  return { writers, problems, foreign };
}

function ofAnother(key: string, { repository, host }: Writer): Failure {
  return {
    code: 'WRITER_FOREIGN',
    message: `${key} belongs to ${repository}, another repository (host ${host})`,
    origin: 'repository',
    permanent: true,
    hint: 'nothing that it signed counts here; find out who put it there, and move it away',
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
