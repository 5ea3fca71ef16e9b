import { type Failure, failureOf } from '../contract/index.ts';
import type { Identity } from '../repository/keys/identity.ts';
import { packKey } from '../repository/layout.ts';
import { framesByBirth } from '../repository/missing-frames.ts';
import type { KnownPack } from '../repository/pack-list.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';
import type { Loaded } from './frame-source.ts';
import { inParallel } from './lanes.ts';
import { readRecords } from './record-reading.ts';
import { UnlockedSnapshot } from './unlocked-snapshot.ts';
import { isWanted, type Verification } from './verification.ts';

/** Opens every frame that a wanted snapshot refers to, matches every chunk with its id, and reads every tree through. */
export async function checkContents(v: Verification, identity: Identity): Promise<void> {
  const wanted = v.listing.snapshots.filter(({ opened }) => isWanted(v, opened.header.source));
  const domains = Map.groupBy(wanted, ({ opened }) => opened.header.domain);
  for (const snapshots of domains.values()) {
    const opened = new Set<string>();
    for (const snapshot of snapshots) {
      try {
        await checkSnapshot(v, snapshot, identity, opened);
      } catch (error) {
        const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
        if (failure.code === 'CANCELLED' || failure.origin === 'key') throw error;
        v.find({ level: 'decrypt', object: snapshot.key, failure, snapshots: [snapshot.id] });
      }
    }
  }
}

/** `opened` names the frames that earlier snapshots had checked: each is read once. */
async function checkSnapshot(
  v: Verification,
  snapshot: StoredSnapshot,
  identity: Identity,
  opened: Set<string>,
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
  const { work, missing } = framesOf(v, unlocked, opened);
  // A plugin that is not here is one finding, however many frames need it.
  const unread = new Map<string, { readonly failure: Failure; frames: number }>();
  let done = 0;
  await inParallel(work, 3, async ({ pack, frames }) => {
    const loaded = await loadFrames(v, unlocked, pack, frames);
    if (loaded === undefined) return;
    v.checked.bytes += loaded.bytes;
    const names = loaded.frames.map(({ name }) => name);
    const numbers = [...frames].sort((a, b) => a - b);
    const { failures } = await unlocked.session.send({ kind: 'check', frames: loaded.frames }, loaded.transfer);
    failures.forEach((failure, i) => {
      if (failure === undefined) return;
      const object = names[i] ?? pack.name;
      if (failure.code !== 'CODEC_UNKNOWN') v.affected.damage(pack.name, numbers[i] ?? -1);
      if (failure.code !== 'CODEC_UNKNOWN') {
        const snapshots = v.needs.ofFrame(pack, numbers[i] ?? -1);
        v.find({ level: 'decrypt', object, failure, snapshots });
      } else count(unread, failure, object);
    });
    v.checked.frames += frames.size;
    options.onProgress?.({ level: 'decrypt', done: ++done, total: work.length, bytes: v.checked.bytes });
  });
  for (const { failure, frames } of unread.values()) {
    const message = `${frames} ${frames === 1 ? 'frame' : 'frames'} ${failure.message}`;
    v.find({ level: 'decrypt', object: snapshot.key, failure: { ...failure, message }, snapshots: [snapshot.id] });
  }
  if (!v.affected.isEmpty || missing > 0) await v.affected.look(unlocked);
  for (const artifact of unlocked.body.artifacts) {
    if (artifact.kind !== 'tree') continue;
    try {
      for await (const record of readRecords(unlocked, artifact)) void record;
    } catch (error) {
      const { code } = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      // Its pages are among the frames that were counted.
      if (code !== 'CODEC_UNKNOWN' || unread.size === 0) throw error;
    }
  }
}

/** Sealed frames of a pack; undefined when they cannot be had, which is a finding, and no reason to leave other packs unchecked. */
async function loadFrames(
  v: Verification,
  unlocked: UnlockedSnapshot,
  pack: KnownPack,
  frames: ReadonlySet<number>,
): Promise<Loaded | undefined> {
  try {
    return await unlocked.frames.loadPack(pack, frames);
  } catch (error) {
    const failure = failureOf(error, { code: 'PACK_DAMAGED', origin: 'repository' });
    if (failure.code === 'CANCELLED' || failure.origin === 'key' || v.options.signal.aborted) throw error;
    for (const frame of frames) v.affected.damage(pack.name, frame);
    const snapshots = [...new Set([...frames].flatMap((frame) => v.needs.ofFrame(pack, frame)))];
    v.find({ level: 'decrypt', object: packKey(unlocked.domain.id, pack.name), failure, snapshots });
    return undefined;
  }
}

/** Counts frames that fail for the same reason: what is left of the message without the name of the frame. */
function count(unread: Map<string, { readonly failure: Failure; frames: number }>, failure: Failure, frame: string) {
  const reason = failure.message.replace(frame, '').trim();
  const known = unread.get(reason);
  if (known === undefined) unread.set(reason, { failure: { ...failure, message: reason }, frames: 1 });
  else known.frames++;
}

/** Frames of the snapshot that are still to be checked, by pack, at most 32 a time. */
function framesOf(
  v: Verification,
  unlocked: UnlockedSnapshot,
  opened: Set<string>,
): { work: { pack: KnownPack; frames: Set<number> }[]; missing: number } {
  const places = framesByBirth(unlocked.packs);
  const byPack = new Map<KnownPack, Set<number>>();
  let missing = 0;
  for (const { salt, ordinals } of unlocked.snapshot.opened.references(unlocked.domain.indexKey).births) {
    const birth = Buffer.from(salt).toString('latin1');
    for (const ordinal of ordinals) {
      const place = places.get(birth)?.get(ordinal);
      if (place === undefined) missing += unlocked.replaced.get(birth)?.has(ordinal) ? 0 : 1;
      else if (!opened.has(`${birth}${ordinal}`)) {
        opened.add(`${birth}${ordinal}`);
        const frames = byPack.get(place.pack) ?? new Set();
        byPack.set(place.pack, frames.add(place.frame));
      }
    }
  }
  // Of one target or of several: that they are missing on each was said, where this host could tell.
  if (missing > 0 && !v.incomplete.has(unlocked.snapshot.key)) {
    v.find({
      level: 'decrypt',
      object: unlocked.snapshot.key,
      snapshots: [unlocked.snapshot.id],
      failure: {
        code: 'FRAMES_MISSING',
        message: `${missing} frames that snapshot ${unlocked.snapshot.id} needs lie in no pack`,
        origin: 'repository',
        permanent: true,
        hint: 'restore what is left, file by file: what does not need them restores',
      },
    });
  }
  const work = [...byPack].flatMap(([pack, frames]) => {
    const all = [...frames];
    const parts = [];
    for (let at = 0; at < all.length; at += 16) parts.push({ pack, frames: new Set(all.slice(at, at + 16)) });
    return parts;
  });
  return { work, missing };
}
