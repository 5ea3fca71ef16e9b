import type { Failure } from '../contract/index.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';

/** Each snapshot names the hash of the one before it, so that a removal or a swap shows: those that do not follow. */
export function brokenLinks(snapshots: readonly StoredSnapshot[]): { snapshot: StoredSnapshot; failure: Failure }[] {
  const broken: { snapshot: StoredSnapshot; failure: Failure }[] = [];
  const last = new Map<string, { sequence: number; hash: string }>();
  for (const snapshot of snapshots.toSorted((a, b) => a.opened.header.sequence - b.opened.header.sequence)) {
    const { writer, job, sequence, previous } = snapshot.opened.header;
    const chain = `${writer}/${job}`;
    const before = last.get(chain);
    last.set(chain, { sequence, hash: snapshot.opened.hash });
    const follows =
      before === undefined ? sequence === 1 : before.sequence === sequence - 1 && before.hash === previous;
    if (!follows) broken.push({ snapshot, failure: notFollowing(job, sequence, before?.sequence) });
  }
  return broken;
}

function notFollowing(job: string, sequence: number, before: number | undefined): Failure {
  return {
    code: 'CHAIN_BROKEN',
    message: `snapshot ${sequence} of ${job} does not follow ${before === undefined ? 'any that is there' : `number ${before}`}`,
    origin: 'repository',
    permanent: true,
    hint: 'a snapshot was removed, damaged or replaced; what is left restores',
  };
}
