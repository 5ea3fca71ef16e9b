import type { Failure } from 'holdfast/plugin';
import type { ExtrasAccess, InodeExtras, ReadExtras, Trouble, WantedExtras } from 'holdfast/system';
import { sourceFailure } from './failure.ts';
import { bytesOf, printable, rawPath } from './raw-path.ts';
import type { Found } from './step.ts';

/** How many entries are asked about at once: a process for each batch, where there is no other way. */
const BATCH = { libc: 64, tools: 1024 } as const;

// Then the content of it cannot be read either, which says the same of the same path.
const saidByContent = ['EACCES', 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EAGAIN', 'ENAMETOOLONG'];

interface ExtrasOptions {
  readonly access: ExtrasAccess;
  readonly wanted: WantedExtras;
  readonly signal: AbortSignal;
  /** Whether it is known that there are none, of a file that is as it was. */
  isPlain(found: Found): boolean;
  /** Told of what could not be read of something, also where that is said by its content. */
  readonly unread: Set<'xattrs' | 'flags'>;
  skip(what: string, failure: Failure): void;
}

/** Something found, with what the file system keeps of it beside that. */
export type Described = Found & {
  readonly extras?: InodeExtras;
  /** Whether all was looked for, and there is none. */
  readonly plain?: boolean;
};

/** Reads extended attributes and flags of what a walk finds, in its order. What cannot be read of them is named; the entry stays. */
export async function* withExtras(walk: AsyncIterable<Found>, options: ExtrasOptions): AsyncGenerator<Described> {
  const { access, wanted, signal } = options;
  if (!wanted.xattrs && !wanted.flags) return yield* walk;
  let batch: Found[] = [];
  for await (const found of walk) {
    if (batch.push(found) < BATCH[access.by]) continue;
    for (const described of await describe(batch, options)) {
      signal.throwIfAborted();
      yield described;
    }
    batch = [];
  }
  for (const described of await describe(batch, options)) {
    signal.throwIfAborted();
    yield described;
  }
  for (const [what, why] of access.missing) {
    options.unread.add(what);
    options.skip(all[what], notRead(what, why));
  }
}

async function describe(batch: readonly Found[], options: ExtrasOptions): Promise<readonly Described[]> {
  const plain = batch.map((found) => found.stats.isFile() && options.isPlain(found));
  const asked = batch.filter((_, n) => !plain[n]);
  const inodes = asked.map(({ absolute, stats }) => ({
    path: bytesOf(absolute),
    holder: stats.isFile() || stats.isDirectory(),
  }));
  const read = inodes.length === 0 ? [] : await options.access.read(inodes, options.wanted);
  const looked = asked.map((found, n) => described(found, read[n], options)).values();
  return batch.map((found, n) => (plain[n] ? { ...found, plain: true } : (looked.next().value ?? found)));
}

function described(found: Found, one: ReadExtras | undefined, options: ExtrasOptions): Described {
  const { access, wanted } = options;
  if (one === undefined) return { ...found, plain: wanted.xattrs && wanted.flags && access.missing.size === 0 };
  for (const trouble of one.troubles) tell(found, trouble, options);
  return { ...found, extras: one };
}

function tell({ path, stats }: Found, { what, code }: Trouble, { skip, unread }: ExtrasOptions): void {
  unread.add(what === 'flags' ? what : 'xattrs');
  if (what === 'flags' && saidByContent.includes(code)) return;
  if (what === 'xattrs' && code === 'ENOENT' && stats.isFile()) return;
  skip(printable(path), sourceFailure({ code }, `read ${wordsOf(what)} of`, path));
}

export function wordsOf(what: Trouble['what']): string {
  if (what === 'flags') return 'the inode flags';
  return what === 'xattrs' ? 'the extended attributes' : `the extended attribute ${printable(rawPath(what.xattr))}`;
}

const all = { xattrs: 'extended attributes', flags: 'inode flags' } as const;

function notRead(what: 'xattrs' | 'flags', why: string): Failure {
  const tool = what === 'xattrs' ? 'attr' : 'e2fsprogs';
  return {
    code: 'SOURCE_UNSUPPORTED',
    message: `${all[what]} were not read, of anything: ${why}`,
    origin: 'source',
    permanent: true,
    hint: `run the agent with Node 26, or install the package ${tool}; or say ${what}: false`,
  };
}
