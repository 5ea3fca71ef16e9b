import type { RunRecord } from '../catalog/run-history.ts';
import type { Failure } from '../contract/index.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';
import { clockOf, type NamedTarget } from '../repository/store.ts';
import type { StoredVoid } from '../repository/voids.ts';

/** Clocks that are kept by NTP differ by milliseconds; by more than this, one of them is wrong. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** What looks as if this host's clock were wrong: nothing rests on it that would be lost, but people read times, and keys have them. */
export async function clockFindings(targets: readonly NamedTarget[], now: Date): Promise<Failure[]> {
  const findings: Failure[] = [];
  for (const target of targets) {
    const there = await clockOf(target);
    if (Math.abs(there.getTime() - now.getTime()) < CLOCK_TOLERANCE_MS) continue;
    const message = `the clock of this host says ${now.toISOString()}, that of target ${target.name} ${there.toISOString()}`;
    findings.push({ code: 'CLOCK_WRONG', message, origin: 'agent', permanent: false, hint: SET_CLOCK });
  }
  return findings;
}

/**
 * What is strange about the last snapshot of a job: that it comes from the future, or that it is not the one which this host made
 * last. `earlier`: the runs that the catalog knows of, the newest first, without the one that is going on.
 */
export function chainFindings(
  { opened: { header, hash }, id, key }: StoredSnapshot,
  o: { readonly now: Date; readonly earlier: readonly RunRecord[] },
): Failure[] {
  const findings: Failure[] = [];
  if (Date.parse(header.finished) > o.now.getTime() + CLOCK_TOLERANCE_MS) {
    findings.push({
      code: 'CLOCK_WRONG',
      message: `the last snapshot of ${header.job}, ${id}, comes from the future: it was finished at ${header.finished}, and now it is ${o.now.toISOString()}`,
      origin: 'agent',
      permanent: false,
      hint: `${SET_CLOCK}; if it is right now, it was wrong then: snapshots are ordered by their numbers all the same`,
    });
  }
  // Of a run that was killed or failed it is not known whether its snapshot was stored. What is gone or was replaced is told as such.
  const { snapshot: made, object = '' } = o.earlier[0] ?? {};
  if (made !== undefined && made !== hash && key > object) {
    findings.push({
      code: 'WRITER_SHARED',
      message: `the last snapshot of ${header.job} is ${id} of host ${header.host}, finished at ${header.finished}; this host made ${made.slice(0, 8)} last`,
      origin: 'key',
      permanent: true,
      hint: OWN_STATE,
    });
  }
  return findings;
}

/** Another process wrote the snapshot that this run was about to write, under the name of this host. */
export function writerShared(key: string): Failure {
  return {
    code: 'WRITER_SHARED',
    message: `${key} was written meanwhile by somebody who has the keys of this host; nothing was overwritten, and this run made no snapshot`,
    origin: 'key',
    permanent: true,
    hint: OWN_STATE,
  };
}

/** Whoever prunes took this run for dead while it went on. */
export function runFenced({ key, void: { writer, created } }: StoredVoid): Failure {
  return {
    code: 'RUN_FENCED',
    message: `this run has failed: writer ${writer.slice(0, 8)}, who prunes, took it for dead at ${created}, and put a void at ${key}, where its snapshot was to lie`,
    origin: 'repository',
    permanent: false,
    hint: 'run the job again: what was stored and is still there is found again',
  };
}

const SET_CLOCK = 'set the clock of this host (`timedatectl` shows whether it is kept right)';
const OWN_STATE =
  'if its state folder was copied to another machine, give that one a state folder of its own and run `holdfast init` there: two that write as one take turns in one chain of snapshots; if its state folder was brought back from an older copy, nothing is to be done';
