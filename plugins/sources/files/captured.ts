import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { fail, type Json } from 'holdfast/plugin';
import type { FilesOptions } from './options.ts';
import { type RawPath, rawPath, rawPathOf, systemPath } from './raw-path.ts';
import type { Root } from './roots.ts';

/** A part of the attributes, beside mode, owner and time. */
export type Kept = 'xattrs' | 'flags';
type Layout = 'folder' | 'file' | 'several';

/** Where the tree of a snapshot was captured, as far as the options still say so. */
export interface Captured {
  /** The folder that is the root of the tree. */
  readonly base: RawPath;
  /** In the tree: what was named by `paths`, and everything below. Of what lies above only names are in the tree. */
  readonly roots: readonly RawPath[];
  /** Whether the same things were left out then as would be today. */
  readonly sameRules: boolean;
}

/**
 * What a snapshot notes for a restore onto what it was captured from. Digests only: facts can be read without a key, and paths are
 * nobody's business.
 */
export function captureFacts(
  options: FilesOptions,
  roots: readonly Root[],
  kept: readonly Kept[],
): { readonly [name: string]: Json } {
  const [first] = roots;
  const several = options.paths.length > 1;
  const layout: Layout = several ? 'several' : first?.folder === false ? 'file' : 'folder';
  return { layout, roots: roots.map(({ path }) => digestOf(path)), rules: rulesDigest(options), kept };
}

/** Fails with `RESTORE_ORIGIN` when the snapshot does not say, or the options name other paths than they did then. */
export function capturedAt(options: FilesOptions, facts: Json): Captured {
  const noted = notesOf(facts) ?? unknown('this snapshot does not say where it was captured');
  const now = new Map(options.paths.map((path) => realPath(resolve(path))).map((path) => [digestOf(path), path]));
  const paths = noted.roots.map(
    (root) => now.get(root) ?? unknown('it was captured from other paths than the policy names'),
  );
  const sameRules = noted.rules === rulesDigest(options);
  const [only = '/'] = paths;
  if (noted.layout === 'folder') return { base: only, roots: [''], sameRules };
  if (noted.layout === 'file') return { base: dirname(only), roots: [basename(only)], sameRules };
  return { base: '/', roots: paths.map((path) => path.slice(1)), sameRules };
}

/**
 * What was kept of everything: an entry that has none had none. Otherwise it is not known what it had, because nobody asked, or it
 * could not be read; or because the snapshot is of an older version.
 */
export function keptBy(facts: Json): ReadonlySet<Kept> {
  const kept = notesOf(facts)?.kept;
  return new Set((['xattrs', 'flags'] as const).filter((one) => Array.isArray(kept) && kept.includes(one)));
}

/** Whether a path of the tree was captured for its own sake, and not only as a folder on the way to what was. */
export function isWithin({ roots }: Pick<Captured, 'roots'>, path: RawPath): boolean {
  return roots.some((root) => root === '' || path === root || path.startsWith(`${root}/`));
}

interface Notes {
  readonly layout: Layout;
  readonly roots: readonly string[];
  readonly rules: string;
  readonly kept: Json | undefined;
}

function notesOf(facts: Json): Notes | undefined {
  if (typeof facts !== 'object' || facts === null || !('captured' in facts)) return undefined;
  const { captured } = facts;
  if (typeof captured !== 'object' || captured === null || Array.isArray(captured)) return undefined;
  const { layout, roots, rules, kept } = captured as { readonly [name: string]: Json | undefined };
  if (layout !== 'folder' && layout !== 'file' && layout !== 'several') return undefined;
  if (!Array.isArray(roots) || roots.length === 0 || (layout !== 'several' && roots.length > 1)) return undefined;
  if (!roots.every((root) => typeof root === 'string') || typeof rules !== 'string') return undefined;
  return { layout, roots, rules, kept };
}

function rulesDigest({ exclude = [], excludeFiles = [], excludeCaches = false, oneFileSystem = false }: FilesOptions) {
  return digestOf(JSON.stringify([exclude, excludeFiles, excludeCaches, oneFileSystem]));
}

function digestOf(text: string): string {
  return createHash('sha256').update(`holdfast files\0${text}`).digest('hex').slice(0, 32);
}

/** With every link on the way resolved, as far as there is a way: what was lost is restored to where it was. */
function realPath(path: string): RawPath {
  try {
    return rawPathOf(realpathSync(systemPath(rawPath(path)), { encoding: 'buffer' }));
  } catch {
    if (dirname(path) === path) return rawPath(path);
    const above = realPath(dirname(path));
    return above === '/' ? `/${rawPath(basename(path))}` : `${above}/${rawPath(basename(path))}`;
  }
}

function unknown(message: string): never {
  fail({
    code: 'RESTORE_ORIGIN',
    message,
    origin: 'source',
    permanent: true,
    hint: '`--into <folder> --conflict replace` does the same in a folder that you name; `--delete` needs a snapshot that says it',
  });
}
