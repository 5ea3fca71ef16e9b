import { availableParallelism } from 'node:os';
import { defaultOptions } from '../config/default-options.ts';
import type { PluginRegistry } from '../config/registry.ts';
import { loadIndex } from '../repository/index-loading.ts';
import type { DomainKeys } from '../repository/keys/domain.ts';
import type { Identity } from '../repository/keys/identity.ts';
import { type FrameNames, replacedFrames } from '../repository/missing-frames.ts';
import type { PackList } from '../repository/pack-list.ts';
import type { SnapshotBody } from '../repository/snapshot.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';
import type { Store } from '../repository/store.ts';
import type { Writers } from '../repository/writers.ts';
import { noReadCounters } from '../workers/counters.ts';
import type { StageModule } from '../workers/messages.ts';
import { WorkerSession } from '../workers/session.ts';
import type { ChunkReader } from './chunk-reading.ts';
import { EpochKeys } from './epoch-keys.ts';
import { FrameSource } from './frame-source.ts';
import { Gate } from './gate.ts';
import { absentCodecs } from './missing-plugin.ts';
import { PageCache } from './page-cache.ts';
import { Patience } from './patience.ts';

export interface UnlockOptions {
  readonly store: Store;
  readonly writers: Writers;
  /** All that were listed: frames may be older than a snapshot, and made by codecs that only others name. */
  readonly listed: readonly StoredSnapshot[];
  readonly identity: Identity;
  readonly registry: PluginRegistry;
  readonly workers?: number;
  readonly signal: AbortSignal;
}

/** What all snapshots of one domain are read through: its keys, where its chunks lie, and workers that open frames. */
export class UnlockedDomain implements AsyncDisposable, ChunkReader {
  readonly keys: DomainKeys;
  readonly packs: PackList;
  /** Frames of packs that are gone, whose content lies elsewhere too. */
  readonly replaced: FrameNames;
  readonly session: WorkerSession;
  readonly frames: FrameSource;
  readonly gate: Gate;
  readonly pages = new PageCache();
  /** For reading that belongs to no artifact in particular. */
  readonly artifact = -1;
  readonly fetched = noReadCounters().fetch;
  readonly #epochs: EpochKeys;

  private constructor(
    o: Pick<UnlockedDomain, 'keys' | 'packs' | 'replaced' | 'session' | 'frames' | 'gate'>,
    epochs: EpochKeys,
  ) {
    this.keys = o.keys;
    this.packs = o.packs;
    this.replaced = o.replaced;
    this.session = o.session;
    this.frames = o.frames;
    this.gate = o.gate;
    this.#epochs = epochs;
  }

  /**
   * Unlocks the domain of `snapshot`, and the snapshot, whose frames come before all others. `WRONG_KEY` when the identity is no recipient; damage of the snapshot itself
   * is told apart from that.
   */
  static async open(
    snapshot: StoredSnapshot,
    o: UnlockOptions,
    epochs: EpochKeys = new EpochKeys({ ...o, domain: snapshot.opened.header.domain }),
  ): Promise<{ domain: UnlockedDomain; body: SnapshotBody }> {
    const keys = await epochs.domainKeys(snapshot.opened.header.epoch);
    const body = await bodyOf(snapshot, epochs);
    const needed = snapshot.opened.references(keys.indexKey);
    const usable = await epochs.present();
    const loaded = await loadIndex(o.store, keys, 'read', { epochs: { usable }, first: needed });
    const { index, packs, absent, problems: passedOver } = loaded;
    const replaced = replacedFrames({ absent, index });
    const workers = o.workers ?? Math.min(availableParallelism(), 8);
    const session = new WorkerSession({
      workers,
      signal: o.signal,
      setup: (_, control) => ({
        kind: 'read',
        control,
        domain: Buffer.from(keys.id, 'hex'),
        idKey: keys.idKey,
        codecs: codecsOf(o.registry),
        absent: absentCodecs(o.listed, o.registry),
      }),
    });
    const patience = new Patience(o.signal);
    const frames = new FrameSource({ store: o.store, domain: keys, epochs, index, packs, patience, passedOver });
    // One more than there are workers, so that the store is read while all of them are busy.
    const gate = new Gate(workers + 1);
    return { domain: new UnlockedDomain({ keys, packs, replaced, session, frames, gate }, epochs), body };
  }

  /** What another snapshot of this domain holds. */
  bodyOf(snapshot: StoredSnapshot): Promise<SnapshotBody> {
    return bodyOf(snapshot, this.#epochs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]();
  }
}

async function bodyOf({ opened }: StoredSnapshot, epochs: EpochKeys): Promise<SnapshotBody> {
  return opened.body(await epochs.privateKey(opened.header.epoch));
}

/** Every codec this agent has, by the id that stands in frames; decoding needs no options but the defaults. */
export function codecsOf(registry: PluginRegistry): Record<number, StageModule> {
  const codecs: Record<number, StageModule> = {};
  for (const name of registry.names('codec')) {
    const plugin = registry.get('codec', name);
    if (plugin !== undefined)
      codecs[plugin.id] = { module: registry.module('codec', name), options: defaultOptions(plugin) };
  }
  return codecs;
}
