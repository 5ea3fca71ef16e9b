import { createHmac } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readlink } from 'node:fs/promises';
import type { Failure } from '../contract/index.ts';
import type { TreeRecord } from '../repository/tree.ts';
import { REF_BYTES } from './frame-source.ts';
import { chunksOf, readRecords } from './tree-reading.ts';
import type { UnlockedSnapshot } from './unlocked-snapshot.ts';

/**
 * Compares what a restore left in `folder` with the snapshot: every entry's kind, mode and time, every link's target, and every
 * byte of every file, read back from disk and named again by its keyed hash. Returns how many entries were compared.
 */
export async function compareRestored(
  unlocked: UnlockedSnapshot,
  folder: string,
  find: (object: string, failure: Failure) => void,
): Promise<number> {
  let compared = 0;
  for (const artifact of unlocked.body.artifacts) {
    if (artifact.kind !== 'tree') continue;
    for await (const record of readRecords(unlocked, artifact)) {
      const name = Buffer.from(record.path).toString('utf8');
      const difference = await differenceOf(unlocked, folder, record);
      if (difference !== undefined) find(name, differs(name, difference));
      compared++;
    }
  }
  return compared;
}

async function differenceOf(
  unlocked: UnlockedSnapshot,
  folder: string,
  record: TreeRecord,
): Promise<string | undefined> {
  const path = record.path.length === 0 ? Buffer.from(folder) : Buffer.concat([Buffer.from(`${folder}/`), record.path]);
  let stat: Awaited<ReturnType<typeof statOf>>;
  try {
    stat = await statOf(path);
  } catch (error) {
    return `is not there (${(error as NodeJS.ErrnoException).code})`;
  }
  switch (record.kind) {
    case 'directory':
      return stat.isDirectory() ? metaDifference(record, stat) : 'is no folder';
    case 'symlink':
      if (!stat.isSymbolicLink()) return 'is no symbolic link';
      return Buffer.compare(await readlink(path, 'buffer'), record.target) === 0 ? undefined : 'points elsewhere';
    case 'hardlink': {
      const target = await statOf(Buffer.concat([Buffer.from(`${folder}/`), record.target]));
      return target.ino === stat.ino ? undefined : 'is not another name of the same file';
    }
    case 'special':
      return stat.isFile() || stat.isDirectory() ? 'is no special file' : undefined;
    case 'file':
      if (!stat.isFile()) return 'is no file';
      if (Number(stat.size) !== record.size) return `has ${stat.size} bytes instead of ${record.size}`;
      return metaDifference(record, stat) ?? (await contentDifference(unlocked, path, record));
  }
}

function statOf(path: Buffer) {
  return lstat(path, { bigint: true });
}

function metaDifference(record: TreeRecord, stat: { mode: bigint; mtimeNs: bigint }): string | undefined {
  // Without the right to give files away, setuid and setgid are rightly left out.
  const mask = process.getuid?.() === 0 ? 0o7777 : 0o777;
  if ((Number(stat.mode) & mask) !== (record.meta.mode & mask)) return 'has another mode';
  const apart = stat.mtimeNs - record.meta.mtimeNs;
  return apart > 1_000_000n || apart < -1_000_000n ? 'has another time' : undefined;
}

async function contentDifference(
  unlocked: UnlockedSnapshot,
  path: Buffer,
  record: Extract<TreeRecord, { kind: 'file' }>,
): Promise<string | undefined> {
  const refs = await chunksOf(unlocked, record);
  const view = new DataView(refs.buffer, refs.byteOffset, refs.byteLength);
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  for (let at = 0; at < refs.length; at += REF_BYTES) {
    const chunk = new Uint8Array(view.getUint32(at + 32, true));
    let filled = 0;
    while (filled < chunk.length) {
      const { bytesRead } = await file.read(chunk, filled, chunk.length - filled);
      if (bytesRead === 0) return 'ends early';
      filled += bytesRead;
    }
    const id = createHmac('sha256', unlocked.domain.idKey).update(chunk).digest();
    if (Buffer.compare(id, refs.subarray(at, at + 32)) !== 0) return 'has other content';
  }
  return undefined;
}

function differs(name: string, difference: string): Failure {
  return {
    code: 'RESTORE_DIFFERS',
    message: `${JSON.stringify(name)} ${difference} after it was restored`,
    origin: 'agent',
    permanent: true,
  };
}
