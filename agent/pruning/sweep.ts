import { failureOf } from '../contract/index.ts';
import { packKey } from '../repository/layout.ts';
import { loadMarks, type StoredMark } from '../repository/marks.ts';
import { birthName } from '../repository/missing-frames.ts';
import type { KnownPack } from '../repository/pack-list.ts';
import type { Session } from '../repository/session.ts';
import { renewFragments } from './fragment-renewal.ts';
import { type Frames, readLive } from './live.ts';
import { loadPacks, type PrunedPlace, removeObjects } from './place.ts';
import { readAtWork, waitingFor } from './waiting.ts';

/** What of the marks of a place can be carried out now. */
export interface SweepPlan {
  /** Marks that are carried out: all that they name goes, or is needed after all and stays. */
  readonly due: readonly StoredMark[];
  readonly going: readonly KnownPack[];
  /** Named by a due mark and already gone: a sweep that was broken off may have left index fragments that name it. */
  readonly gone: readonly string[];
  /** Named by a due mark, and needed again. */
  readonly kept: number;
  /** Marks that are not old enough, by the clock of the target: the time when they are, ISO 8601. */
  readonly later: readonly string[];
  /** Runs that marks have to wait for. */
  readonly waiting: readonly Session[];
}

export interface SweepOptions {
  /** By the clock of the target, milliseconds since 1970. */
  readonly clock: number;
  readonly graceMs: number;
  readonly forgottenBefore: number;
}

/**
 * Looks which marked packs can go. The order is what makes it safe: sessions, then snapshots, then marks, then packs. Who ended before the
 * sessions were read has left a snapshot that is read; who begins later sees the mark; and a pack that another mark names, or that was
 * gone before packs were listed, is not counted on in the place of one that goes.
 */
export async function planSweep(place: PrunedPlace, o: SweepOptions): Promise<SweepPlan> {
  const first = await loadMarks(place.target, place.writers, place.keys.id);
  if (first.marks.length === 0) return { due: [], going: [], gone: [], kept: 0, later: [], waiting: [] };
  const atWork = await readAtWork(place);
  const live = await readLive({ ...place, writer: place.host.writer, forgottenBefore: o.forgottenBefore });
  const { marks } = await loadMarks(place.target, place.writers, place.keys.id);
  const marked = new Set(marks.flatMap(({ mark }) => mark.packs));
  const ripe = (mark: StoredMark) => Date.parse(mark.mark.created) + o.graceMs;
  const known = marks.filter(({ name }) => first.marks.some((one) => one.name === name));
  const old = known.filter((mark) => ripe(mark) <= o.clock);
  const due = old.filter((mark) => waitingFor(mark, atWork).length === 0);
  // What is to expire is still there: until it is gone, it is needed.
  const needed = joined(live.frames, live.expiredFrames);
  const { all, instead } = await loadPacks(place, needed, marked);
  const wanted = new Set(due.flatMap(({ mark }) => mark.packs));
  const candidates = all.filter(({ name }) => wanted.has(name));
  const others = frameSet(all.filter(({ name }) => !marked.has(name)));
  const going = candidates.filter((pack) => !instead.has(pack) && !isNeeded(pack, needed, others));
  const there = new Set(candidates.map(({ name }) => name));
  const waiting = new Map(old.flatMap((mark) => waitingFor(mark, atWork)).map(({ session }) => [session.id, session]));
  return {
    due,
    going,
    gone: [...wanted].filter((name) => !there.has(name)),
    kept: candidates.length - going.length,
    later: known.filter((mark) => ripe(mark) > o.clock).map((mark) => new Date(ripe(mark)).toISOString()),
    waiting: [...waiting.values()],
  };
}

/**
 * Fragments first, then packs, then marks: as long as a pack is there, something says that nobody is to count on it. A target that is too
 * full for new fragments gets room by the packs that go: until the fragments are renewed they name what is gone, and the marks, which
 * stay so long, that nobody is to count on it.
 */
export async function carryOutSweep(
  place: PrunedPlace,
  { due, going, gone }: Pick<SweepPlan, 'due' | 'going' | 'gone'>,
  onRemoved: (pack: KnownPack) => void,
): Promise<void> {
  const leaving = new Set([...going.map(({ name }) => name), ...gone]);
  const isRenewed = leaving.size === 0 || (await renewedWithRoom(place, leaving, going.length > 0));
  for (const pack of going) await removeObjects(place, [packKey(place.keys.id, pack.name)], () => onRemoved(pack));
  if (!isRenewed) await renewFragments(place, leaving);
  await removeObjects(
    place,
    due.map(({ key }) => key),
  );
}

/** Whether fragments were renewed; false when there is no room for them, and `more` is still to be made. */
async function renewedWithRoom(place: PrunedPlace, leaving: ReadonlySet<string>, more: boolean): Promise<boolean> {
  try {
    await renewFragments(place, leaving);
    return true;
  } catch (error) {
    if (more && failureOf(error, { code: 'TARGET_FAILED', origin: 'target' }).code === 'TARGET_FULL') return false;
    throw error;
  }
}

function isNeeded({ table }: KnownPack, needed: Frames, others: Frames): boolean {
  return table.frames.some(({ birth, ordinal }) => {
    const name = birthName(table.births[birth]?.salt ?? new Uint8Array());
    return needed.get(name)?.has(ordinal) === true && others.get(name)?.has(ordinal) !== true;
  });
}

function frameSet(packs: readonly KnownPack[]): Frames {
  const frames: Frames = new Map();
  for (const { table } of packs) {
    const births = table.births.map(({ salt }) => birthName(salt));
    for (const { birth, ordinal } of table.frames) {
      const name = births[birth] ?? '';
      frames.set(name, (frames.get(name) ?? new Set()).add(ordinal));
    }
  }
  return frames;
}

function joined(a: Frames, b: Frames): Frames {
  const frames: Frames = new Map([...a].map(([name, ordinals]) => [name, new Set(ordinals)]));
  for (const [name, ordinals] of b) frames.set(name, new Set([...(frames.get(name) ?? []), ...ordinals]));
  return frames;
}
