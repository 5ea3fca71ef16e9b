import type { Meta } from '../contract/index.ts';
import type { TreeRecord } from '../repository/tree.ts';
import type { ContentComparison } from './content-comparison.ts';

/** What of an entry can be other than before, in the order in which it is shown. */
export const ASPECTS = ['content', 'mode', 'owner', 'time', 'xattrs', 'flags', 'link', 'kind'] as const;

/**
 * `content`: of a file, or the numbers of a device. `time`: of modification. `link`: where a symbolic link points, or which file it
 * is another name of. `kind`: then nothing else is compared.
 */
export type Aspect = (typeof ASPECTS)[number];

export interface EntryDifference {
  readonly aspects: readonly Aspect[];
  /** Whether content changed is not known. */
  readonly contentUnknown: boolean;
}

type Find = (name: Uint8Array) => Promise<TreeRecord | undefined>;

/** What is other in `after` than in `before`, entries of one path. `find` looks for the first name of a hard link in its tree. */
export async function entryDifference(
  before: TreeRecord,
  after: TreeRecord,
  content: ContentComparison,
  find: { readonly before: Find; readonly after: Find },
): Promise<EntryDifference> {
  if (before.kind === 'hardlink' && after.kind === 'hardlink' && isSame(before.target, after.target))
    return known(metaAspects(before.meta, after.meta));
  if (before.kind !== 'hardlink' && after.kind !== 'hardlink') return compareOwn(before, after, content);
  // One file under other names is still the file that it is.
  const was = before.kind === 'hardlink' ? await find.before(before.target) : before;
  const is = after.kind === 'hardlink' ? await find.after(after.target) : after;
  if (was === undefined || is === undefined) return known(['kind']);
  const own = await compareOwn({ ...was, meta: before.meta }, { ...is, meta: after.meta }, content);
  return own.aspects.includes('kind') ? own : { ...own, aspects: [...own.aspects, 'link'] };
}

async function compareOwn(before: TreeRecord, after: TreeRecord, content: ContentComparison): Promise<EntryDifference> {
  const meta = metaAspects(before.meta, after.meta);
  if (before.kind === 'file' && after.kind === 'file') {
    const sameness = await content.files(before, after);
    return { aspects: sameness === 'other' ? ['content', ...meta] : meta, contentUnknown: sameness === 'unknown' };
  }
  if (before.kind === 'symlink' && after.kind === 'symlink')
    return known(isSame(before.target, after.target) ? meta : [...meta, 'link']);
  if (before.kind === 'special' && after.kind === 'special' && before.type === after.type) {
    const same = before.major === after.major && before.minor === after.minor;
    return known(same ? meta : ['content', ...meta]);
  }
  return known(before.kind === after.kind && before.kind === 'directory' ? meta : ['kind']);
}

function known(aspects: readonly Aspect[]): EntryDifference {
  return { aspects, contentUnknown: false };
}

function metaAspects(before: Meta, after: Meta): Aspect[] {
  const aspects: Aspect[] = [];
  if (before.mode !== after.mode) aspects.push('mode');
  if (before.uid !== after.uid || before.gid !== after.gid) aspects.push('owner');
  if (before.mtimeNs !== after.mtimeNs) aspects.push('time');
  if (!haveSameXattrs(before.xattrs ?? {}, after.xattrs ?? {})) aspects.push('xattrs');
  if ((before.flags ?? 0) !== (after.flags ?? 0)) aspects.push('flags');
  return aspects;
}

function haveSameXattrs(before: NonNullable<Meta['xattrs']>, after: NonNullable<Meta['xattrs']>): boolean {
  const names = Object.keys(before);
  return (
    names.length === Object.keys(after).length &&
    names.every((name) => {
      const [was, is] = [before[name], Object.hasOwn(after, name) ? after[name] : undefined];
      return was !== undefined && is !== undefined && isSame(was, is);
    })
  );
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
