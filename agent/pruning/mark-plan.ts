import type { Failure } from '../contract/index.ts';
import { loadMarks } from '../repository/marks.ts';
import { birthName } from '../repository/missing-frames.ts';
import type { KnownPack } from '../repository/pack-list.ts';
import type { StoredSession } from '../repository/sessions.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';
import { type Frames, readLive } from './live.ts';
import { type PackPlan, planPacks, usesOf } from './pack-use.ts';
import { loadPacks, type PrunedPlace } from './place.ts';
import { readAtWork } from './waiting.ts';

/** What is to be marked in a place, and what is cleared away with it. */
export interface MarkPlan {
  readonly packs: PackPlan;
  /** Forgotten snapshots whose time is over: their objects go when the mark is there. */
  readonly expired: readonly StoredSnapshot[];
  readonly ended: readonly StoredSession[];
  /** Packs that marks name already. */
  readonly marked: ReadonlySet<string>;
  readonly problems: readonly Failure[];
}

export interface MarkOptions {
  readonly forgottenBefore: number;
  readonly maxUnused: number;
  /** By this host's clock. */
  readonly now: Date;
  /** Packs that are not looked at: they are on their way out. */
  readonly going: ReadonlySet<string>;
}

/** What a run that was killed has stored is left for the next one of its job, but not for ever. By this host's clock. */
const UNFINISHED_DAYS = 30;

/** Looks what nothing needs any more. Changes nothing. */
export async function planMarks(place: PrunedPlace, o: MarkOptions): Promise<MarkPlan> {
  const { unfinished, ended } = await readAtWork(place);
  const live = await readLive({ ...place, writer: place.host.writer, forgottenBefore: o.forgottenBefore });
  const { marks, problems } = await loadMarks(place.target, place.writers, place.keys.id);
  const marked = new Set(marks.flatMap(({ mark }) => mark.packs));
  const { all, instead, missing } = await loadPacks(place, live.frames, marked);
  const packs = all.filter(({ name }) => !o.going.has(name));
  const uses = usesOf(packs, live.frames, instead).filter(({ pack }) => !marked.has(pack.name));
  const since = o.now.getTime() - UNFINISHED_DAYS * 86_400_000;
  const atWork = unfinished.some(({ session }) => Date.parse(session.created) > since);
  const plan = planPacks(uses, {
    maxUnused: o.maxUnused,
    isGarbage: (pack) => !atWork || isOf(pack, live.expiredFrames),
  });
  return {
    packs: plan,
    expired: live.expired,
    ended,
    marked,
    problems: [...problems.map(({ failure }) => failure), ...(missing === 0 ? [] : [framesMissing(place, missing)])],
  };
}

/** Whether a pack holds any of these frames. */
function isOf({ table }: KnownPack, frames: Frames): boolean {
  return table.frames.some(({ birth, ordinal }) => {
    const salt = table.births[birth]?.salt;
    return salt !== undefined && frames.get(birthName(salt))?.has(ordinal) === true;
  });
}

function framesMissing({ target }: PrunedPlace, missing: number): Failure {
  return {
    code: 'FRAMES_MISSING',
    message: `${missing} frames that snapshots need lie in no pack of target ${target.name}; whatever could stand for them is kept`,
    origin: 'repository',
    permanent: true,
    hint: '`holdfast verify` says which snapshots are affected',
  };
}
