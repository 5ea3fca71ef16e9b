import { createHmac } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink } from 'node:fs/promises';
import type { Failure, MetaPart, SpecialType } from '../contract/index.ts';
import type { TreeRecord } from '../repository/tree.ts';
import { errnoOf, Holes, openExtras, type ReachedPath, type ReadExtras, reachPath } from '../system/index.ts';
import { REF_BYTES } from './frame-source.ts';
import { chunksOf, readRecords } from './tree-reading.ts';
import type { UnlockedSnapshot } from './unlocked-snapshot.ts';
import { ZeroChunks } from './zero-chunks.ts';

type FileRecord = Extract<TreeRecord, { kind: 'file' }>;

export interface Comparing {
  readonly folder: string;
  /** What the restore says it set of nothing. */
  readonly notSet: readonly MetaPart[];
  find(object: string, failure: Failure): void;
}

const BATCH = 256;

/**
 * Compares what a restore left in a folder with the snapshot: every entry's kind, mode, owner, time, extended attributes and
 * flags, every link's target, and every byte of every file, read back from disk and named again by its keyed hash. Returns how many
 * entries were compared.
 */
export async function compareRestored(unlocked: UnlockedSnapshot, comparing: Comparing): Promise<number> {
  const comparison = new RestoredTree(unlocked, comparing);
  for (const artifact of unlocked.body.artifacts) {
    if (artifact.kind !== 'tree') continue;
    let batch: TreeRecord[] = [];
    for await (const record of readRecords(unlocked, artifact)) {
      if (batch.push(record) < BATCH) continue;
      await comparison.compare(batch);
      batch = [];
    }
    await comparison.compare(batch);
  }
  return comparison.compared;
}

class RestoredTree {
  readonly #unlocked: UnlockedSnapshot;
  readonly #o: Comparing;
  readonly #zeros: ZeroChunks;
  readonly #extras = openExtras();
  /** How near a time is set. */
  readonly #precisionNs = this.#extras.by === 'libc' ? 0n : 1_000n;
  readonly #asRoot = process.geteuid?.() === 0;
  compared = 0;

  constructor(unlocked: UnlockedSnapshot, comparing: Comparing) {
    this.#unlocked = unlocked;
    this.#o = comparing;
    this.#zeros = new ZeroChunks(unlocked.domain.idKey);
  }

  async compare(records: readonly TreeRecord[]): Promise<void> {
    const inodes = records.map((record) => ({
      path: this.#at(record.path),
      holder: record.kind === 'file' || record.kind === 'directory',
    }));
    const extras = await this.#extras.read(inodes, { xattrs: this.#isSet('xattrs'), flags: this.#isSet('flags') });
    for (const [n, record] of records.entries()) {
      const name = Buffer.from(record.path).toString('utf8');
      const difference = await this.#differenceOf(record, extras[n]);
      if (difference !== undefined) this.#o.find(name, differs(name, difference));
      this.compared++;
    }
  }

  async #differenceOf(record: TreeRecord, extras: ReadExtras | undefined): Promise<string | undefined> {
    let stat: BigIntStats;
    using reached = this.#reach(record.path);
    if (!('path' in reached)) return `is not there (${reached.code})`;
    const { path } = reached;
    try {
      stat = await lstat(path, { bigint: true });
    } catch (error) {
      // Only the program that listens on a socket can make it.
      if (record.kind === 'special' && record.type === 'socket') return undefined;
      return `is not there (${errnoOf(error)})`;
    }
    return (
      (await this.#kindDifference(record, path, stat)) ??
      this.#metaDifference(record, stat) ??
      this.#extrasDifference(record, extras) ??
      (record.kind === 'file' ? await this.#contentDifference(path, record) : undefined)
    );
  }

  async #kindDifference(record: TreeRecord, path: Buffer, stat: BigIntStats): Promise<string | undefined> {
    switch (record.kind) {
      case 'directory':
        return stat.isDirectory() ? undefined : 'is no folder';
      case 'symlink':
        if (!stat.isSymbolicLink()) return 'is no symbolic link';
        return Buffer.compare(await readlink(path, 'buffer'), record.target) === 0 ? undefined : 'points elsewhere';
      case 'hardlink': {
        using target = this.#reach(record.target);
        const first = 'path' in target ? await lstat(target.path, { bigint: true }).catch(() => undefined) : undefined;
        return first?.ino === stat.ino ? undefined : 'is not another name of the same file';
      }
      case 'special':
        return kindOf(stat) === record.type ? undefined : `is no ${record.type}`;
      case 'file':
        if (!stat.isFile()) return 'is no file';
        return Number(stat.size) === record.size ? undefined : `has ${stat.size} bytes instead of ${record.size}`;
    }
  }

  #metaDifference({ kind, meta }: TreeRecord, stat: BigIntStats): string | undefined {
    // Without the right to give files away, setuid and setgid are rightly left out.
    const mask = this.#isSet('owner') ? 0o7777 : 0o777;
    // A symbolic link has no mode of its own on Linux.
    if (kind !== 'symlink' && (Number(stat.mode) & mask) !== (meta.mode & mask)) return 'has another mode';
    if (this.#isSet('owner') && (Number(stat.uid) !== meta.uid || Number(stat.gid) !== meta.gid))
      return 'has another owner';
    const apart = stat.mtimeNs - meta.mtimeNs;
    return apart > this.#precisionNs || apart < -this.#precisionNs ? 'has another time' : undefined;
  }

  #extrasDifference({ meta }: TreeRecord, extras: ReadExtras | undefined): string | undefined {
    if (this.#isSet('flags') && (meta.flags ?? 0) !== (extras?.flags ?? 0)) return 'has other flags';
    if (!this.#isSet('xattrs')) return undefined;
    const [was = {}, is = {}] = [meta.xattrs, extras?.xattrs];
    const names = new Set([...Object.keys(was), ...Object.keys(is)].filter((name) => this.#isComparable(name)));
    const other = [...names].find((name) => {
      const [before, after] = [was[name], is[name]];
      return before === undefined || after === undefined || Buffer.compare(before, after) !== 0;
    });
    return other === undefined ? undefined : `has another extended attribute ${JSON.stringify(other)}`;
  }

  /** Labels are given by the security module of the host; trusted attributes are seen by root only. */
  #isComparable(xattr: string): boolean {
    return this.#asRoot ? xattr !== 'security.selinux' : /^(user|system)\./.test(xattr);
  }

  async #contentDifference(path: Buffer, record: FileRecord): Promise<string | undefined> {
    const refs = await chunksOf(this.#unlocked, record);
    const view = new DataView(refs.buffer, refs.byteOffset, refs.byteLength);
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const holes = new Holes(file.fd);
    let position = 0;
    for (let at = 0; at < refs.length; at += REF_BYTES) {
      const length = view.getUint32(at + 32, true);
      const stretch = record.sparse ? holes.at(position) : undefined;
      const isHole = stretch?.hole && stretch.end >= position + length && this.#zeros.has(refs, at);
      if (!isHole) {
        const chunk = await readAt(file, position, length);
        if (chunk === undefined) return 'ends early';
        const id = createHmac('sha256', this.#unlocked.domain.idKey).update(chunk).digest();
        if (Buffer.compare(id, refs.subarray(at, at + 32)) !== 0) return 'has other content';
      }
      position += length;
    }
    return undefined;
  }

  #isSet(part: MetaPart): boolean {
    return !this.#o.notSet.includes(part);
  }

  #at(path: Uint8Array): Buffer {
    const folder = Buffer.from(this.#o.folder);
    return path.length === 0 ? folder : Buffer.concat([folder, Buffer.from('/'), path]);
  }

  /** A folder on the way may be missing already. */
  #reach(path: Uint8Array): ReachedPath | (Disposable & { readonly code: string }) {
    try {
      return reachPath(this.#at(path));
    } catch (error) {
      return { code: errnoOf(error), [Symbol.dispose]() {} };
    }
  }
}

/** `length` bytes of a file from `position` on; undefined when it ends before. */
async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array | undefined> {
  const chunk = new Uint8Array(length);
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await file.read(chunk, filled, length - filled, position + filled);
    if (bytesRead === 0) return undefined;
    filled += bytesRead;
  }
  return chunk;
}

function kindOf(stat: BigIntStats): SpecialType | undefined {
  if (stat.isFIFO()) return 'fifo';
  if (stat.isBlockDevice()) return 'block';
  return stat.isCharacterDevice() ? 'char' : undefined;
}

function differs(name: string, difference: string): Failure {
  return {
    code: 'RESTORE_DIFFERS',
    message: `${JSON.stringify(name)} ${difference} after it was restored`,
    origin: 'agent',
    permanent: true,
  };
}
