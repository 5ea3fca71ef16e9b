import type { ArtifactBody, SnapshotBody } from '../repository/snapshot.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';
import { EpochKeys } from './epoch-keys.ts';
import { UnlockedDomain, type UnlockOptions } from './unlocked-domain.ts';

/** A snapshot whose content can be read through its domain. */
export interface ReadableSnapshot {
  readonly snapshot: StoredSnapshot;
  readonly body: SnapshotBody;
  readonly domain: UnlockedDomain;
}

/** Opens snapshots of any domains: those of one share its index, workers and pages. */
export class UnlockedDomains implements AsyncDisposable {
  readonly #o: UnlockOptions;
  readonly #epochs = new Map<string, EpochKeys>();
  readonly #domains = new Map<string, UnlockedDomain>();

  constructor(options: UnlockOptions) {
    this.#o = options;
  }

  /** As `UnlockedDomain.open`. One that cannot be opened does not keep others from it. */
  async open(snapshot: StoredSnapshot): Promise<ReadableSnapshot> {
    const id = snapshot.opened.header.domain;
    const known = this.#domains.get(id);
    if (known !== undefined) return { snapshot, body: await known.bodyOf(snapshot), domain: known };
    const { store, writers, identity } = this.#o;
    // Kept, so that the same key is tried on an epoch once, not for each of its snapshots.
    const epochs = this.#epochs.get(id) ?? new EpochKeys({ store, writers, domain: id, identity });
    this.#epochs.set(id, epochs);
    const { domain, body } = await UnlockedDomain.open(snapshot, this.#o, epochs);
    this.#domains.set(id, domain);
    return { snapshot, body, domain };
  }

  /** Bytes read from packs so far, and pages of trees that were opened. */
  get read(): { readonly bytes: number; readonly pages: number } {
    let [bytes, pages] = [0, 0];
    for (const domain of this.#domains.values()) {
      bytes += domain.fetched.bytesIn;
      pages += domain.pages.opened;
    }
    return { bytes, pages };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#domains.values(), (domain) => domain[Symbol.asyncDispose]()));
  }
}

/** The artifact of that name and kind, if the snapshot has it. */
export function artifactOf({ body }: ReadableSnapshot, { name, kind }: Pick<ArtifactBody, 'name' | 'kind'>) {
  return body.artifacts.find((artifact) => artifact.name === name && artifact.kind === kind);
}
