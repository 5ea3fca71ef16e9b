import { beforeOf, brokenLinks } from '../repository/chains.ts';
import type { Verification } from './verification.ts';

/** Snapshots that are damaged, holes and forks. What is lost is named as those remember it that came after it, or this host. */
export function checkChains(v: Verification): void {
  const { snapshots, damaged } = v.listing;
  const ids = new Map((v.options.stored ?? []).map(({ key, hash }) => [key, hash.slice(0, 8)]));
  for (const snapshot of snapshots) {
    const before = beforeOf(snapshot);
    if (before !== undefined) ids.set(before.key, before.id);
  }
  for (const { key, failure } of damaged) {
    const id = ids.get(key);
    v.find({ level: 'list', object: key, failure, snapshots: id === undefined ? [] : [id] });
  }
  for (const { key, affected, failure } of brokenLinks(v.listing))
    v.find({ level: 'list', object: key, failure, snapshots: affected });
}
