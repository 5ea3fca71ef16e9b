import { failureOf } from '../contract/index.ts';
import type { Identity } from '../repository/keys/identity.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';
import { checkFrames, countParts, unreadFailure } from './check-frames.ts';
import { NeededFrames } from './needed-frames.ts';
import { OpenedPacks } from './opened-packs.ts';
import { readRecords } from './record-reading.ts';
import { UnlockedSnapshot } from './unlocked-snapshot.ts';
import { isWanted, type Verification } from './verification.ts';

/** Opens every frame that a wanted snapshot refers to, matches every chunk with its id, and reads every tree through. */
export async function checkContents(v: Verification, identity: Identity): Promise<void> {
  const wanted = v.listing.snapshots.filter(({ opened }) => isWanted(v, opened.header.source));
  const domains = Map.groupBy(wanted, ({ opened }) => opened.header.domain);
  const packs = new OpenedPacks();
  for (const snapshots of domains.values()) {
    const taken = new Set<string>();
    for (const snapshot of snapshots) {
      try {
        await checkSnapshot(v, snapshot, identity, { packs, taken });
      } catch (error) {
        const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
        if (failure.code === 'CANCELLED' || failure.origin === 'key') throw error;
        v.find({ level: 'decrypt', object: snapshot.key, failure, snapshots: [snapshot.id] });
      }
    }
  }
  await packs.tell(v);
}

/** `taken` names the frames that earlier snapshots had checked: each is read once. */
async function checkSnapshot(
  v: Verification,
  snapshot: StoredSnapshot,
  identity: Identity,
  { packs, taken }: { readonly packs: OpenedPacks; readonly taken: Set<string> },
): Promise<void> {
  const { store, writers, engine, options } = v;
  await using unlocked = await UnlockedSnapshot.open({
    store,
    writers,
    snapshot,
    listed: v.listing.snapshots,
    identity,
    registry: engine.registry,
    signal: options.signal,
  });
  const listed = v.listing.snapshots.filter(({ opened }) => opened.header.domain === unlocked.domain.id);
  v.needs.learn(
    unlocked.domain,
    listed,
    [...unlocked.packs].map(([, pack]) => pack),
  );
  const needed = new NeededFrames(unlocked.packs, taken);
  const { work, absent } = needed.take(snapshot.opened.references(unlocked.domain.indexKey));
  const missing = absent.filter(({ birth, ordinal }) => !unlocked.replaced.get(birth)?.has(ordinal)).length;
  if (missing > 0) findMissing(v, snapshot, missing);
  const total = countParts(work);
  let done = 0;
  const checked = await checkFrames(v, unlocked, work, () =>
    options.onProgress?.({ level: 'decrypt', done: ++done, total, bytes: v.checked.bytes }),
  );
  packs.add(unlocked.domain.id, work, checked);
  for (const one of checked.unread.values())
    v.find({ level: 'decrypt', object: snapshot.key, failure: unreadFailure(one), snapshots: [snapshot.id] });
  if (!v.affected.isEmpty || missing > 0) await v.affected.look(unlocked);
  for (const artifact of unlocked.body.artifacts) {
    if (artifact.kind !== 'tree') continue;
    try {
      for await (const record of readRecords(unlocked, artifact)) void record;
    } catch (error) {
      const { code } = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      // Its pages are among the frames that were counted.
      if (code !== 'CODEC_UNKNOWN' || checked.unread.size === 0) throw error;
    }
  }
}

/** Of one target or of several: that they are missing on each was said, where this host could tell. */
function findMissing(v: Verification, { key, id }: StoredSnapshot, missing: number): void {
  if (v.incomplete.has(key)) return;
  v.find({
    level: 'decrypt',
    object: key,
    snapshots: [id],
    failure: {
      code: 'FRAMES_MISSING',
      message: `${missing} frames that snapshot ${id} needs lie in no pack`,
      origin: 'repository',
      permanent: true,
      hint: 'restore what is left, file by file: what does not need them restores',
    },
  });
}
