import type { DomainKeys } from '../repository/keys/domain.ts';
import type { FrameNames } from '../repository/missing-frames.ts';
import type { PackList } from '../repository/pack-list.ts';
import type { SnapshotBody } from '../repository/snapshot.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';
import type { WorkerSession } from '../workers/session.ts';
import type { ChunkReader } from './chunk-reading.ts';
import type { FrameSource } from './frame-source.ts';
import type { Gate } from './gate.ts';
import type { PageCache } from './page-cache.ts';
import { UnlockedDomain, type UnlockOptions } from './unlocked-domain.ts';

/** One snapshot, opened with a reader's key: its body, and workers that open its frames. */
export class UnlockedSnapshot implements AsyncDisposable, ChunkReader {
  readonly snapshot: StoredSnapshot;
  readonly body: SnapshotBody;
  readonly domain: DomainKeys;
  readonly packs: PackList;
  /** Frames of packs that are gone, whose content lies elsewhere too. */
  readonly replaced: FrameNames;
  readonly session: WorkerSession;
  readonly frames: FrameSource;
  readonly gate: Gate;
  readonly pages: PageCache;
  readonly artifact: number;
  readonly fetched: ChunkReader['fetched'];

  private constructor(snapshot: StoredSnapshot, body: SnapshotBody, domain: UnlockedDomain) {
    this.snapshot = snapshot;
    this.body = body;
    this.domain = domain.keys;
    this.packs = domain.packs;
    this.replaced = domain.replaced;
    this.session = domain.session;
    this.frames = domain.frames;
    this.gate = domain.gate;
    this.pages = domain.pages;
    this.artifact = domain.artifact;
    this.fetched = domain.fetched;
  }

  /** `WRONG_KEY` when the identity is no recipient; damage of the snapshot itself is told apart from that. */
  static async open({
    snapshot,
    ...o
  }: UnlockOptions & { readonly snapshot: StoredSnapshot }): Promise<UnlockedSnapshot> {
    const { domain, body } = await UnlockedDomain.open(snapshot, o);
    return new UnlockedSnapshot(snapshot, body, domain);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]();
  }
}
