import { damaged } from '../repository/damage.ts';
import { type DomainKeys, domainKeys } from '../repository/keys/domain.ts';
import { decodeEpoch, unlockEpoch } from '../repository/keys/epoch.ts';
import type { Identity } from '../repository/keys/identity.ts';
import { epochKey, epochPrefix, parseEpochKey } from '../repository/layout.ts';
import type { Store } from '../repository/store.ts';
import type { Writers } from '../repository/writers.ts';

/** Opens the epochs of one domain as they are needed, with the key of one recipient. */
export class EpochKeys {
  readonly #o: { store: Store; writers: Writers; domain: string; identity: Identity };
  readonly #privateKeys = new Map<string, Promise<Uint8Array>>();
  #domain: DomainKeys | undefined;

  constructor(o: { store: Store; writers: Writers; domain: string; identity: Identity }) {
    this.#o = o;
  }

  /** The domain's keys, which every epoch of it carries. `WRONG_KEY` when the identity is no recipient of the epoch. */
  async domainKeys(epoch: string): Promise<DomainKeys> {
    if (this.#domain === undefined) await this.privateKey(epoch);
    return this.#domain as DomainKeys;
  }

  privateKey(epoch: string): Promise<Uint8Array> {
    let key = this.#privateKeys.get(epoch);
    if (key === undefined) {
      key = this.#unlock(epoch);
      this.#privateKeys.set(epoch, key);
    }
    return key;
  }

  /** The epochs of the domain that are there and whole, opened or not. */
  async present(): Promise<Set<string>> {
    const { store, writers, domain } = this.#o;
    const epochs = new Set<string>();
    for (const key of await store.keys(epochPrefix(domain))) {
      const id = parseEpochKey(key)?.epoch;
      try {
        await store.read(key, undefined, (bytes) => decodeEpoch(bytes, key, writers.trustedKeyOf));
        if (id !== undefined) epochs.add(id);
      } catch {
        // Whoever needs this one will be told why it does not open.
      }
    }
    return epochs;
  }

  async #unlock(id: string): Promise<Uint8Array> {
    const { store, writers, domain, identity } = this.#o;
    const key = epochKey(domain, id);
    const epoch = await store.read(key, undefined, (bytes) => decodeEpoch(bytes, key, writers.trustedKeyOf));
    if (epoch.repository !== writers.repository) {
      damaged('OBJECT_DAMAGED', `${key} is damaged: it belongs to another repository.`);
    }
    const { privateKey, domainSecret } = await unlockEpoch(epoch, identity);
    this.#domain ??= domainKeys(epoch.domain, epoch.domainName, domainSecret);
    domainSecret.fill(0);
    return privateKey;
  }
}
