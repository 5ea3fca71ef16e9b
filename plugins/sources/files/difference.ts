import { type BigIntStats, readlinkSync } from 'node:fs';
import type { Aspect, Change, StoredEntry } from 'holdfast/plugin';
import type { ExtrasAccess } from 'holdfast/system';
import type { Given } from './attributes.ts';
import { bytesOf, type RawPath, rawPathOf, systemPath } from './raw-path.ts';
import { kindOf } from './standing.ts';
import { deviceNumbers, isSparse, specialType } from './tree.ts';

/** What would have to be done about something that stands where an entry belongs; undefined: nothing. */
export type Difference = Pick<Change, 'action' | 'differs'> | undefined;

/** By how much a time may be off that is set here: where there is no call for it, Node carries it as a double. */
export function timeSlack({ by }: ExtrasAccess): bigint {
  return by === 'libc' ? 0n : 1000n;
}

/** In which of those attributes that stat(2) tells it differs from what it is to have. `slackNs`: see `timeSlack`. */
export function attributeDifferences(stands: BigIntStats, { mode, owner, mtimeNs }: Given, slackNs: bigint): Aspect[] {
  const differs: Aspect[] = [];
  if (mtimeNs !== undefined && !isSameTime(stands.mtimeNs, mtimeNs, slackNs)) differs.push('time');
  // A link has a mode on some systems, and none that could be set.
  if (!stands.isSymbolicLink() && Number(stands.mode & 0o7777n) !== mode) differs.push('mode');
  if (owner !== undefined && Number(stands.uid) !== owner.uid) differs.push('owner');
  if (owner !== undefined && Number(stands.gid) !== owner.gid) differs.push('group');
  return differs;
}

/**
 * How what stands at `place` differs from an entry that is neither a folder nor another name of a file, and differs in these attributes.
 * A file of the size and time that are stored is taken for the same; one whose time alone differs is read, and with
 * `content` every one is.
 */
export function differenceFrom(
  entry: Exclude<StoredEntry, { kind: 'hardlink' | 'directory' }>,
  stands: BigIntStats,
  place: RawPath,
  { attributes, content }: { readonly attributes: readonly Aspect[]; readonly content: boolean },
): Difference | Promise<Difference> {
  if (kindOf(stands) !== entry.kind) return { action: 'kind', differs: [] };
  const set: Difference = attributes.length === 0 ? undefined : { action: 'attributes', differs: attributes };
  const replace = (...differs: Aspect[]): Difference => ({ action: 'content', differs: [...differs, ...attributes] });
  if (entry.kind === 'special') {
    if (specialType(stands) !== entry.type) return { action: 'kind', differs: [] };
    const { major, minor } = deviceNumbers(stands.rdev);
    const same = entry.type === 'fifo' || entry.type === 'socket' || (major === entry.major && minor === entry.minor);
    return same ? set && replace() : replace('content'); // to open it, so as to set something, may do something
  }
  if (entry.kind === 'symlink') {
    const target = readlinkSync(systemPath(place), 'latin1');
    return target === rawPathOf(entry.target) ? set : replace('target');
  }
  if (stands.size !== BigInt(entry.size)) return replace('content', 'size');
  if (!content && !attributes.includes('time')) return set;
  // What cannot be read cannot be known to be the same, and a new one is put in its place.
  return entry.content.compare(bytesOf(place)).then(({ kind }) => {
    if (kind !== 'same') return replace('content');
    return entry.sparse === true && !isSparse(stands) ? replace('holes') : set;
  });
}

/** Whether it looks like the entry, without reading any content. `attributes`: in which it differs, as far as stat(2) tells. */
export function looksLike(
  entry: Exclude<StoredEntry, { kind: 'hardlink' | 'directory' }>,
  stands: BigIntStats,
  place: RawPath,
  attributes: readonly Aspect[],
): boolean {
  return attributes.length === 0 && differenceFrom(entry, stands, place, { attributes, content: false }) === undefined;
}

function isSameTime(a: bigint, b: bigint, slackNs: bigint): boolean {
  return (a > b ? a - b : b - a) <= slackNs;
}
