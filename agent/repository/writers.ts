import { type Failure, fail, failureOf } from '../contract/index.ts';
import type { HostKeys } from './keys/host-keys.ts';
import { decodeWriter, type Writer } from './keys/writer.ts';
import { WRITERS_PREFIX } from './layout.ts';
import type { Store } from './store.ts';

/**
 * Who may have signed what lies in a repository. A writer object vouches only for itself; this host's own key is the one in its
 * state, so that a repository cannot swap it.
 */
export class Writers {
  readonly #writers: ReadonlyMap<string, Writer>;
  readonly #own: HostKeys | undefined;
  /** 32 hex: of which they are. */
  readonly repository: string;
  /** Writer objects that could not be read. */
  readonly problems: readonly Failure[];

  private constructor(o: {
    repository: string;
    writers: ReadonlyMap<string, Writer>;
    own: HostKeys | undefined;
    problems: readonly Failure[];
  }) {
    this.repository = o.repository;
    this.#writers = o.writers;
    this.#own = o.own;
    this.problems = o.problems;
  }

  /** `WRITER_FORGED` when the repository names another key for this host's own writer. */
  static async load(store: Store, repository: string, own?: HostKeys): Promise<Writers> {
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
    return new Writers({ repository, writers, own, problems });
  }

  readonly publicKeyOf = (id: string): Uint8Array | undefined =>
    id === this.#own?.writer ? this.#own.signer.publicKey : this.#writers.get(id)?.publicKey;

  [Symbol.iterator](): IterableIterator<Writer> {
    return this.#writers.values();
  }
}

function isUnreachable({ origin, code }: Failure): boolean {
  return origin === 'target' && code !== 'OBJECT_MISSING';
}

function checkOwn(writer: Writer, own: HostKeys | undefined): Writer {
  if (own === undefined || writer.id !== own.writer) return writer;
  if (Buffer.compare(writer.publicKey, own.signer.publicKey) === 0) return writer;
  return fail({
    code: 'WRITER_FORGED',
    message: `the repository names another signing key for this host's writer ${writer.id}`,
    origin: 'repository',
    permanent: true,
    hint: 'somebody replaced it: compare with another copy of the repository before you trust this one',
  });
}
