import { DomainLock } from '../catalog/domain-lock.ts';
import { fail, failureOf } from '../contract/index.ts';
import type { StoredMark } from '../repository/marks.ts';
import { loadSessions, type StoredSession } from '../repository/sessions.ts';
import type { PrunedPlace } from './place.ts';

/** Who may be at work in a place. */
export interface AtWork {
  /** Sessions that did not end, and of which nobody knows that they cannot go on. */
  readonly open: readonly StoredSession[];
  /** Those, and sessions that cannot go on: what they stored is found again by the next run of their job. */
  readonly unfinished: readonly StoredSession[];
  /** Sessions that ended: their objects say nothing any more. */
  readonly ended: readonly StoredSession[];
}

/**
 * Reads the sessions of a place, before its snapshots are read: one that ended meanwhile has left its snapshot then. A session of this
 * host is at work only while somebody holds the lock of its domain here, which a run does from its first step to its last.
 */
export async function readAtWork(place: PrunedPlace): Promise<AtWork> {
  const { target, keys, writers, host, stateFolder } = place;
  // In this order: a run that begins after the lock was free sees all marks that there are.
  const none = nobodyHere(stateFolder, keys.name);
  const { sessions, problems } = await loadSessions(target, writers, keys.id);
  const [unreadable] = problems;
  if (unreadable !== undefined)
    fail({
      code: 'PRUNE_REFUSED',
      message: `nothing is pruned: ${unreadable.object} on target ${target.name} cannot be read, and may be of a run that goes on`,
      origin: 'repository',
      permanent: true,
      hint: '`holdfast repair` moves it away; one of another host with --set-aside-sessions, when no backup of it is running',
    });
  const goesOn = ({ open, session }: StoredSession) => open && place.presumedEnded?.has(session.id) !== true;
  const unfinished = sessions.filter(goesOn);
  const isOver = ({ session }: StoredSession) => none && session.writer === host.writer;
  return {
    open: unfinished.filter((one) => !isOver(one)),
    unfinished,
    ended: sessions.filter((one) => !goesOn(one)),
  };
}

/** Whether no run of this domain is going on on this host at this moment. */
function nobodyHere(stateFolder: string, domain: string): boolean {
  try {
    DomainLock.take(stateFolder, domain)[Symbol.dispose]();
    return true;
  } catch (error) {
    if (failureOf(error, { code: 'LOCK_UNUSABLE', origin: 'agent' }).code !== 'BUSY') throw error;
    return false;
  }
}

/** The sessions that a mark has to wait for: they may count on what it names. */
export function waitingFor({ name }: StoredMark, { open }: AtWork): StoredSession[] {
  return open.filter(({ session }) => !session.seen.includes(name));
}
