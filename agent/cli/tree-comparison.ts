import type { BigIntStats } from 'node:fs';
import { access, constants, lstat, open, readdir, readlink } from 'node:fs/promises';

export interface ComparisonOptions {
  readonly original: string;
  readonly restored: string;
  /** Whether an entry was left out of the backup, by its path below `original`. */
  excluded(path: Buffer): boolean;
  /** What has changed in the original since then is counted apart, not called a difference. Milliseconds since 1970. */
  readonly since: number;
  /** Owners can be given back by root only. */
  readonly owners: boolean;
  readonly signal: AbortSignal;
  onProgress?(bytes: number, entries: number): void;
}

export interface Difference {
  /** Below both roots. */
  readonly path: Buffer;
  readonly what: string;
}

export interface Comparison {
  readonly entries: number;
  readonly bytes: number;
  readonly differences: readonly Difference[];
  readonly changedSince: number;
  /** Not restored, and rightly so: what we may not read, and sockets and pipes that belong to running programs. */
  readonly leftOut: number;
}

/**
 * Compares two trees by reading both, with nothing of the repository in between: names, kinds, content, modes, times to the
 * microsecond, targets of symbolic links, which names are one file, and owners where asked for.
 */
export async function compareTrees(options: ComparisonOptions): Promise<Comparison> {
  const comparison = new TreeComparison(options);
  await comparison.compareFolder(Buffer.alloc(0));
  return comparison;
}

const SLASH = Buffer.from('/');
const BLOCK = 1024 * 1024;
// Node sets times through a double of seconds, and rounds to microseconds.
const TIME_PRECISION_NS = 2000n;
const OWNERS = ['uid', 'gid'] as const;

class TreeComparison implements Comparison {
  entries = 0;
  bytes = 0;
  changedSince = 0;
  leftOut = 0;
  readonly differences: Difference[] = [];
  readonly #o: ComparisonOptions;
  readonly #original: Buffer;
  readonly #restored: Buffer;
  /** Which file of the restored tree stands for a file of several names, and the other way round. */
  readonly #pairs = { restored: new Map<string, string>(), original: new Map<string, string>() };
  readonly #blocks = [Buffer.allocUnsafe(BLOCK), Buffer.allocUnsafe(BLOCK)] as const;

  constructor(options: ComparisonOptions) {
    this.#o = options;
    this.#original = Buffer.from(options.original);
    this.#restored = Buffer.from(options.restored);
  }

  async compareFolder(folder: Buffer): Promise<void> {
    this.#o.signal.throwIfAborted();
    const [was, is] = await Promise.all([namesIn(at(this.#original, folder)), namesIn(at(this.#restored, folder))]);
    for (const name of new Set([...was, ...is])) {
      const path =
        folder.length === 0 ? Buffer.from(name, 'latin1') : Buffer.concat([folder, SLASH, Buffer.from(name, 'latin1')]);
      if (this.#o.excluded(path)) continue;
      await this.#compareEntry(path);
    }
  }

  async #compareEntry(path: Buffer): Promise<void> {
    const [was, is] = await Promise.all([statsOf(at(this.#original, path)), statsOf(at(this.#restored, path))]);
    this.entries++;
    const before = this.differences.length;
    if (was && !is && (await this.#cannotBeBackedUp(path, was))) {
      this.leftOut++;
      return;
    }
    if (!was) this.#differ(path, 'is only in the restored tree');
    else if (!is) this.#differ(path, 'was not restored');
    else if (kind(was) !== kind(is)) this.#differ(path, `was ${kind(was)}, came back as ${kind(is)}`);
    else await this.#compareSame(path, was, is);
    if (this.differences.length > before && (await this.#changedSince(path, was))) {
      this.differences.length = before;
      this.changedSince++;
    }
    this.#o.onProgress?.(this.bytes, this.entries);
    if (was?.isDirectory() && is?.isDirectory()) await this.compareFolder(path);
  }

  async #compareSame(path: Buffer, was: BigIntStats, is: BigIntStats): Promise<void> {
    const apart = was.mtimeNs - is.mtimeNs;
    if (apart > TIME_PRECISION_NS || apart < -TIME_PRECISION_NS) {
      this.#differ(path, `time was ${was.mtimeNs} ns, came back as ${is.mtimeNs} ns`);
    }
    // A symbolic link has no mode of its own on Linux.
    const fields = [...(was.isSymbolicLink() ? [] : (['mode'] as const)), ...(this.#o.owners ? OWNERS : [])];
    for (const field of fields) {
      if (was[field] !== is[field]) this.#differ(path, `${field} was ${was[field]}, came back as ${is[field]}`);
    }
    if (was.isSymbolicLink()) await this.#compareLinks(path);
    if (!was.isFile()) return;
    this.#compareNames(path, was, is);
    if (was.size !== is.size) this.#differ(path, `size was ${was.size}, came back as ${is.size}`);
    else if (!(await this.#sameContent(path))) this.#differ(path, 'content differs');
  }

  async #compareLinks(path: Buffer): Promise<void> {
    const read = (root: Buffer) => readlink(at(root, path), { encoding: 'buffer' });
    const [was, is] = await Promise.all([read(this.#original), read(this.#restored)]);
    if (!was.equals(is)) this.#differ(path, 'links to something else');
  }

  #compareNames(path: Buffer, was: BigIntStats, is: BigIntStats): void {
    if (was.nlink === 1n && is.nlink === 1n) return;
    const before = `${was.dev}:${was.ino}`;
    const after = `${is.dev}:${is.ino}`;
    const partner = this.#pairs.restored.get(before) ?? after;
    const back = this.#pairs.original.get(after) ?? before;
    this.#pairs.restored.set(before, partner);
    this.#pairs.original.set(after, back);
    if (partner !== after || back !== before) this.#differ(path, 'is not one file with the same other names');
  }

  async #sameContent(path: Buffer): Promise<boolean> {
    const [a, b] = this.#blocks;
    await using was = await open(at(this.#original, path), constants.O_RDONLY | constants.O_NOFOLLOW);
    await using is = await open(at(this.#restored, path), constants.O_RDONLY | constants.O_NOFOLLOW);
    for (let position = 0; ; ) {
      this.#o.signal.throwIfAborted();
      const [first, second] = await Promise.all([fill(was, a, position), fill(is, b, position)]);
      if (first !== second || a.compare(b, 0, second, 0, first) !== 0) return false;
      if (first === 0) return true;
      position += first;
      this.bytes += first;
      this.#o.onProgress?.(this.bytes, this.entries);
    }
  }

  async #cannotBeBackedUp(path: Buffer, was: BigIntStats): Promise<boolean> {
    if (!was.isFile() && !was.isDirectory()) return !was.isSymbolicLink();
    const readable = access(at(this.#original, path), constants.R_OK);
    return readable.then(
      () => false,
      () => true,
    );
  }

  /** For a name that is gone from the original, its folder tells. */
  async #changedSince(path: Buffer, was: BigIntStats | undefined): Promise<boolean> {
    const slash = path.lastIndexOf('/');
    const stats = was ?? (await statsOf(at(this.#original, path.subarray(0, Math.max(0, slash)))));
    return stats !== undefined && Number(stats.ctimeMs) >= this.#o.since;
  }

  #differ(path: Buffer, what: string): void {
    this.differences.push({ path, what });
  }
}

async function fill(file: Awaited<ReturnType<typeof open>>, block: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < block.length) {
    const { bytesRead } = await file.read(block, filled, block.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

async function namesIn(folder: Buffer): Promise<Set<string>> {
  // A folder that we may not look into was left out of the backup, too.
  const names = await readdir(folder, { encoding: 'buffer' }).catch((error) =>
    isCode(error, 'EACCES') ? [] : raise(error),
  );
  return new Set(names.map((name) => name.toString('latin1')));
}

async function statsOf(path: Buffer): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    return isCode(error, 'ENOENT') ? undefined : raise(error);
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function raise(error: unknown): never {
  throw error;
}

function at(root: Buffer, path: Buffer): Buffer {
  return path.length === 0 ? root : Buffer.concat([root, SLASH, path]);
}

function kind(stats: BigIntStats): string {
  if (stats.isFile()) return 'a file';
  if (stats.isDirectory()) return 'a folder';
  if (stats.isSymbolicLink()) return 'a symbolic link';
  return 'a special file';
}
