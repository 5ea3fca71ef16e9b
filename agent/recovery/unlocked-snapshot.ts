import { availableParallelism } from 'node:os';
import { defaultOptions } from '../config/default-options.ts';
import type { PluginRegistry } from '../config/registry.ts';
import { loadIndex } from '../repository/index-loading.ts';
import type { DomainKeys } from '../repository/keys/domain.ts';
import type { Identity } from '../repository/keys/identity.ts';
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

export interface UnlockOptions {
  readonly store: Store;
  readonly writers: Writers;
  readonly snapshot: StoredSnapshot;
  /** All that were listed: frames may be older than the snapshot, and made by codecs that only others name. */
  readonly listed: readonly StoredSnapshot[];
  readonly identity: Identity;
  readonly registry: PluginRegistry;
  readonly workers?: number;
  readonly signal: AbortSignal;
}

/** One snapshot, opened with a reader's key: its body, and workers that open its frames. */
export class UnlockedSnapshot implements AsyncDisposable, ChunkReader {
  readonly snapshot: StoredSnapshot;
  readonly body: SnapshotBody;
  readonly domain: DomainKeys;
  readonly packs: PackList;
  readonly session: WorkerSession;
  readonly frames: FrameSource;
  readonly gate: Gate;
  /** For reading that belongs to no artifact in particular. */
  readonly artifact = -1;
  readonly fetched = noReadCounters().fetch;

  private constructor(o: Omit<UnlockedSnapshot, 'artifact' | 'fetched' | typeof Symbol.asyncDispose>) {
    this.snapshot = o.snapshot;
    this.body = o.body;
    this.domain = o.domain;
    this.packs = o.packs;
    this.session = o.session;
    this.frames = o.frames;
    this.gate = o.gate;
  }

  /** `WRONG_KEY` when the identity is no recipient; damage of the snapshot itself is told apart from that. */
  static async open(o: UnlockOptions): Promise<UnlockedSnapshot> {
    const { store, writers, snapshot, identity } = o;
    const { header } = snapshot.opened;
    const epochs = new EpochKeys({ store, writers, domain: header.domain, identity });
    const domain = await epochs.domainKeys(header.epoch);
    const body = snapshot.opened.body(await epochs.privateKey(header.epoch));
    const { index, packs } = await loadIndex(store, domain, 'read', { usable: await epochs.present() });
    const workers = o.workers ?? Math.min(availableParallelism(), 8);
    const session = new WorkerSession({
      workers,
      signal: o.signal,
      setup: (_, control) => ({
        kind: 'read',
        control,
        domain: Buffer.from(domain.id, 'hex'),
        idKey: domain.idKey,
        codecs: codecsOf(o.registry),
        absent: absentCodecs(o.listed, o.registry),
      }),
    });
    const frames = new FrameSource({ store, domain, epochs, index, packs });
    // One more than there are workers, so that the store is read while all of them are busy.
    const gate = new Gate(workers + 1);
    return new UnlockedSnapshot({ snapshot, body, domain, packs, session, frames, gate });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]();
  }
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
