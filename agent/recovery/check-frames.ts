import { type Failure, failureOf } from '../contract/index.ts';
import type { DomainKeys } from '../repository/keys/domain.ts';
import { packKey } from '../repository/layout.ts';
import type { KnownPack } from '../repository/pack-list.ts';
import type { WorkerSession } from '../workers/session.ts';
import type { FrameSource, Loaded } from './frame-source.ts';
import { inParallel } from './lanes.ts';
import type { Verification } from './verification.ts';

/** What frames of a domain are opened with. */
export interface FrameOpening {
  readonly domain: DomainKeys;
  readonly session: WorkerSession;
  readonly frames: FrameSource;
  /** When they are read from that one alone. */
  readonly target?: string;
}

/** Frames of a pack, by their numbers. */
export interface PackFrames {
  readonly pack: KnownPack;
  readonly frames: ReadonlySet<number>;
}

/** What came of checking frames; what is damaged is a finding already. */
export interface CheckedFrames {
  /** A plugin that is not here is one finding, however many frames need it: by what is said of them. */
  readonly unread: ReadonlyMap<string, { readonly failure: Failure; readonly frames: number }>;
  /** Names of packs of which all these frames opened. */
  readonly good: ReadonlySet<string>;
}

/** Frames are read and sent to a worker so many at a time. */
const AT_ONCE = 16;

/** Opens frames, and matches every chunk with its id. */
export async function checkFrames(
  v: Verification,
  opening: FrameOpening,
  work: readonly PackFrames[],
  onPart: () => void,
): Promise<CheckedFrames> {
  const unread = new Map<string, { readonly failure: Failure; frames: number }>();
  const bad = new Set<string>();
  await inParallel(work.flatMap(parts), 3, async ({ pack, frames }) => {
    const loaded = await loadFrames(v, opening, { pack, frames });
    if (loaded === undefined) {
      bad.add(pack.name);
      return;
    }
    v.checked.bytes += loaded.bytes;
    const names = loaded.frames.map(({ name }) => name);
    const numbers = [...frames].sort((a, b) => a - b);
    const { failures } = await opening.session.send({ kind: 'check', frames: loaded.frames }, loaded.transfer);
    for (const [i, failure] of failures.entries()) {
      if (failure === undefined) continue;
      bad.add(pack.name);
      const object = names[i] ?? pack.name;
      if (failure.code === 'CODEC_UNKNOWN') count(unread, failure, object);
      else {
        v.affected.damage(pack.name, numbers[i] ?? -1);
        find(v, opening, { object, failure, snapshots: v.needs.ofFrame(pack, numbers[i] ?? -1) });
      }
    }
    v.checked.frames += frames.size;
    onPart();
  });
  const good = new Set(work.map(({ pack }) => pack.name).filter((name) => !bad.has(name)));
  return { unread, good };
}

/** How many parts `onPart` is told of. */
export function countParts(work: readonly PackFrames[]): number {
  return work.reduce((sum, { frames }) => sum + Math.ceil(frames.size / AT_ONCE), 0);
}

/** What is said of frames whose codec is not here. */
export function unreadFailure({ failure, frames }: { readonly failure: Failure; readonly frames: number }): Failure {
  return { ...failure, message: `${frames} ${frames === 1 ? 'frame' : 'frames'} ${failure.message}` };
}

function parts({ pack, frames }: PackFrames): PackFrames[] {
  const all = [...frames];
  const some: PackFrames[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) some.push({ pack, frames: new Set(all.slice(at, at + AT_ONCE)) });
  return some;
}

/** Sealed frames of a pack; undefined when they cannot be had, which is a finding, and no reason to leave other packs unchecked. */
async function loadFrames(
  v: Verification,
  opening: FrameOpening,
  { pack, frames }: PackFrames,
): Promise<Loaded | undefined> {
  try {
    return await opening.frames.loadPack(pack, frames);
  } catch (error) {
    const failure = failureOf(error, { code: 'PACK_DAMAGED', origin: 'repository' });
    if (failure.code === 'CANCELLED' || failure.origin === 'key' || v.options.signal.aborted) throw error;
    for (const frame of frames) v.affected.damage(pack.name, frame);
    const snapshots = [...new Set([...frames].flatMap((frame) => v.needs.ofFrame(pack, frame)))];
    find(v, opening, { object: packKey(opening.domain.id, pack.name), failure, snapshots });
    return undefined;
  }
}

function find(
  v: Verification,
  { target }: FrameOpening,
  found: { readonly object: string; readonly failure: Failure; readonly snapshots: readonly string[] },
): void {
  v.find({ level: 'decrypt', ...(target !== undefined && { target }), ...found });
}

/** Counts frames that fail for the same reason: what is left of the message without the name of the frame. */
function count(unread: Map<string, { readonly failure: Failure; frames: number }>, failure: Failure, frame: string) {
  const reason = failure.message.replace(frame, '').trim();
  const known = unread.get(reason);
  if (known === undefined) unread.set(reason, { failure: { ...failure, message: reason }, frames: 1 });
  else known.frames++;
}
