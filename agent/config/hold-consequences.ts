import type { Change } from './changes.ts';
import { type Both, type Consequence, missing, note, risk } from './consequence.ts';

/** What follows from a change of a legal hold: what it no longer covers may be removed. */
export function holdConsequences({ path: [, name = '', field], ...change }: Change, both: Both): Consequence[] {
  const [was, is] = [both.before, both.after].map(({ holds }) => holds.find((hold) => hold.name === name));
  if (was === undefined || is === undefined) {
    const { by, why } = was ?? is ?? { by: '', why: '' };
    if (was === undefined) return [note('what it covers stays, whatever the rules say')];
    return [risk(`what "${name}" held may be removed as the rules say (hold by ${by}: ${why})`)];
  }
  if (field === 'until') {
    const [before, after] = [was, is].map(({ until }) => until?.getTime() ?? Number.POSITIVE_INFINITY);
    if (before === undefined || after === undefined || after >= before) return [note('it holds longer than before')];
    return [risk(`it ends ${is.until?.toISOString()}, ${was.until ? 'earlier than before' : 'before it had no end'}`)];
  }
  if (field !== 'jobs' && field !== 'snapshots') return [];
  const everything = was.jobs === undefined && was.snapshots === undefined;
  const gone = missing(change.before, change.after);
  if (everything) return [risk('it covers only these, before it covered everything')];
  // What is taken out at last makes the hold one of everything.
  if (is.jobs === undefined && is.snapshots === undefined) return [note('it covers everything')];
  return gone.length > 0
    ? [risk(`it does not cover ${gone.join(', ')} any more`)]
    : [note('it covers more than before')];
}
