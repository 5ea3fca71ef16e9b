import { type BigIntStats, lstatSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { fail, type Json, type Reader, type RestoreRequest, type StoredEntry } from 'holdfast/plugin';
import { type Captured, capturedAt, isWithin, type Kept, keptBy } from './captured.ts';
import { errnoOf } from './failure.ts';
import { mountPoints } from './mounts.ts';
import type { FilesOptions } from './options.ts';
import { bytesOf, nameOf, type RawPath, rawPath, rawPathOf } from './raw-path.ts';
import type { Spared } from './spared.ts';
import { inodeOf } from './standing.ts';

/** What this source can be asked to restore. */
export interface Wanted {
  /** Absolute. */
  readonly folder: RawPath;
  /** gitignore patterns of what is restored; absent: everything. */
  readonly patterns?: readonly string[];
  readonly conflict: RestoreRequest['conflict'];
  /** What looks the same is read as well. */
  readonly compareContent: boolean;
  /** What is set beside mode, owner and time. */
  readonly extras: Readonly<Record<Kept, boolean>>;
  /** Of what it is known that an entry without it had none. */
  readonly kept: ReadonlySet<Kept>;
  /** What is there and not in the snapshot is removed, but for this. */
  readonly spared?: Spared;
  /** Whether an entry's attributes are restored too, where it is there already: not those of folders above what was captured. */
  within(path: RawPath): boolean;
  /** Whether the agent keeps its own there. */
  isLeft(folder: BigIntStats): boolean;
}

/**
 * Fails with `RESTORE_UNSUPPORTED` when something is asked for that files have no notion of, and with `RESTORE_ORIGIN` when it
 * cannot be told where the snapshot was captured, or what was left out then, and that is needed.
 */
export async function wanted(
  request: RestoreRequest,
  { from, artifact, options }: { readonly from: Reader; readonly artifact: string; readonly options: FilesOptions },
): Promise<Wanted> {
  const { into, rename, mask, conflict, compareContent = false } = request;
  if ('server' in into) unsupported('files are restored into a folder, not into a server');
  if (rename !== undefined && rename !== null) unsupported('files cannot be renamed while they are restored');
  if (mask !== undefined) unsupported('files cannot be masked');
  const removes = request.delete === true && conflict === 'replace';
  const facts = await factsOf(from, artifact);
  const captured = 'original' in into || removes ? capturedAt(options, facts) : undefined;
  const original = 'original' in into;
  const folder = 'folder' in into ? rawPath(resolve(into.folder)) : (captured?.base ?? '/');
  const patterns = patternsOf(request.select);
  const isLeft = leftFolders(request.leave ?? []);
  const within = (path: RawPath) => captured === undefined || !original || isWithin(captured, path);
  const spared =
    removes && captured !== undefined
      ? await sparedOf(captured, { from, artifact, options, patterns, isLeft })
      : undefined;
  return {
    folder,
    conflict,
    compareContent,
    extras: { xattrs: options.xattrs ?? true, flags: options.flags ?? true },
    kept: keptBy(facts),
    within,
    isLeft,
    ...(patterns === undefined ? {} : { patterns }),
    ...(spared === undefined ? {} : { spared }),
  };
}

function patternsOf(select: Json): readonly string[] | undefined {
  if (select === null) return undefined;
  if (!Array.isArray(select) || !select.every((pattern) => typeof pattern === 'string'))
    return unsupported('the selection of files to restore is a list of patterns');
  return select.length === 0 ? undefined : select;
}

async function factsOf(from: Reader, artifact: string): Promise<Json> {
  for await (const { name, facts } of from.parts()) if (name === artifact) return facts;
  return null;
}

async function sparedOf(
  captured: Captured,
  o: {
    readonly from: Reader;
    readonly artifact: string;
    readonly options: FilesOptions;
    readonly patterns: readonly string[] | undefined;
    readonly isLeft: Wanted['isLeft'];
  },
): Promise<Spared> {
  if (!captured.sameRules) {
    fail({
      code: 'RESTORE_ORIGIN',
      message:
        'other things were left out of this snapshot than the policy leaves out now: what it has not may have been excluded',
      origin: 'source',
      permanent: true,
      hint: 'restore without --delete, or with the policy that the snapshot was made by',
    });
  }
  const { exclude = [], excludeFiles = [], excludeCaches = false } = o.options;
  return {
    within: (path) => isWithin(captured, path),
    selects: selects(o.from, o.patterns),
    roots: captured.roots,
    exclude,
    excludeFiles,
    excludeCaches,
    patternsThen: await patternsThen(o.from, o.artifact, excludeFiles.map(rawPath)),
    mounts: mountPoints(),
    isLeft: o.isLeft,
  };
}

/** Whether a selection includes a path, by the same rules as what is stored: what it does not include is never removed. */
function selects(from: Reader, patterns: readonly string[] | undefined): Spared['selects'] {
  if (patterns === undefined) return () => true;
  const isSelected = from.selection(patterns);
  return (path, isFolder) => isSelected(bytesOf(path), isFolder);
}

/** The files of patterns that the snapshot has, and what they say; also of those that are another name of a file. */
async function patternsThen(
  from: Reader,
  artifact: string,
  names: readonly RawPath[],
): Promise<ReadonlyMap<RawPath, string>> {
  const found = new Map<RawPath, string>();
  if (names.length === 0) return found;
  const links = new Map<RawPath, RawPath>();
  for await (const entry of from.tree(artifact)) {
    const path = rawPathOf(entry.path);
    if (!names.includes(nameOf(path))) continue;
    if (entry.kind === 'file') found.set(path, await startOf(entry));
    else if (entry.kind === 'hardlink') links.set(path, rawPathOf(entry.target));
  }
  const elsewhere = new Set([...links.values()].filter((target) => !found.has(target)));
  const texts = new Map(found);
  for await (const entry of elsewhere.size === 0 ? [] : from.tree(artifact)) {
    const path = rawPathOf(entry.path);
    if (entry.kind === 'file' && elsewhere.has(path)) texts.set(path, await startOf(entry));
  }
  for (const [path, target] of links) found.set(path, texts.get(target) ?? '');
  return found;
}

async function startOf({ content }: Extract<StoredEntry, { kind: 'file' }>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of content.read({ offset: 0, length: MOST_PATTERNS })) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

const MOST_PATTERNS = 1 << 20;

function leftFolders(paths: readonly string[]): Wanted['isLeft'] {
  const inodes = new Set(paths.flatMap((path) => inodeAt(path) ?? []));
  return (folder) => inodes.has(inodeOf(folder));
}

function inodeAt(path: string): string | undefined {
  try {
    return inodeOf(lstatSync(realpathSync(path), { bigint: true }));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined; // so nothing of it can be met
    throw error;
  }
}

function unsupported(message: string): never {
  fail({ code: 'RESTORE_UNSUPPORTED', message, origin: 'source', permanent: true });
}
