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
  /** Writer objects that could not be read. */
  readonly problems: readonly Failure[];

  private constructor(writers: ReadonlyMap<string, Writer>, problems: readonly Failure[]) {
    this.#writers = writers;
    this.problems = problems;
  }

  static async load(store: Store, repository: string, own?: HostKeys): Promise<Writers> {
    const writers = new Map<string, Writer>();
    const problems: Failure[] = [];
    for (const key of await store.keys(WRITERS_PREFIX)) {
      try {
        const writer = decodeWriter(await store.get(key, undefined, (bytes) => void decodeWriter(bytes, key)), key);
        if (writer.repository === repository) writers.set(writer.id, checkOwn(writer, own));
      } catch (error) {
        problems.push(failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' }));
      }
    }
    return new Writers(writers, problems);
  }

  readonly publicKeyOf = (id: string): Uint8Array | undefined => this.#writers.get(id)?.publicKey;

  [Symbol.iterator](): IterableIterator<Writer> {
    return this.#writers.values();
  }
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
