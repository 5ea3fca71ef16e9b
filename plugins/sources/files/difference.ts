import { type BigIntStats, readlinkSync } from 'node:fs';
import type { Aspect, Change, FileAttributes, StoredEntry } from 'holdfast/plugin';
import { bytesOf, type RawPath, rawPathOf, systemPath } from './raw-path.ts';
import { kindOf } from './standing.ts';
import { deviceNumbers, specialType } from './tree.ts';

/** What would have to be done about something that stands where an entry belongs; undefined: nothing. */
export type Difference = Pick<Change, 'action' | 'differs'> | undefined;

/** As much as a time may be off that was set through Node, which carries it as a double: see `seconds`. */
const TIME_SLACK = 1000n;

/** In which attributes it differs from `wanted`, as far as they can be set here. */
export function attributeDifferences(stands: BigIntStats, wanted: FileAttributes): Aspect[] {
  const { mode, uid, gid, mtimeNs } = wanted;
  const differs: Aspect[] = [];
  if (mtimeNs !== undefined && !isSameTime(stands.mtimeNs, mtimeNs)) differs.push('time');
  // A link has a mode on some systems, and none that could be set.
  if (!stands.isSymbolicLink() && Number(stands.mode & 0o7777n) !== mode) differs.push('mode');
  if (uid !== undefined && Number(stands.uid) !== uid) differs.push('owner');
  if (gid !== undefined && Number(stands.gid) !== gid) differs.push('group');
  return differs;
}

/**
 * How what stands at `place` differs from an entry that is neither a folder nor another name of a file. A file of the size and time that are stored is
 * taken for the same; one whose time alone differs is read, and with `content` every one is.
 */
export function differenceFrom(
  entry: Exclude<StoredEntry, { kind: 'hardlink' | 'directory' }>,
  stands: BigIntStats,
  place: RawPath,
  { wanted, content }: { readonly wanted: FileAttributes; readonly content: boolean },
): Difference | Promise<Difference> {
  const attributes = attributeDifferences(stands, wanted);
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
  return entry.content.compare(bytesOf(place)).then(({ kind }) => (kind === 'same' ? set : replace('content')));
}

/** Whether it looks like the entry, without reading any content. */
export function looksLike(
  entry: Exclude<StoredEntry, { kind: 'hardlink' | 'directory' }>,
  stands: BigIntStats,
  place: RawPath,
  wanted: FileAttributes,
): boolean {
  if (attributeDifferences(stands, wanted).length > 0) return false;
  return differenceFrom(entry, stands, place, { wanted, content: false }) === undefined;
}

function isSameTime(a: bigint, b: bigint): boolean {
  return a > b ? a - b < TIME_SLACK : b - a < TIME_SLACK;
}
