import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const KEY_BYTES = 32;
/** Random bytes have this many different ones among 32 in all but one of a hundred million cases. */
const DISTINCT = 20;

/** Every file of these folders, and the names of all that is in them: what lies on a disk for whoever takes it. */
export async function filesOf(folders: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const folder of folders) {
    for (const name of await readdir(folder, { recursive: true })) {
      const path = join(folder, name);
      if ((await lstat(path)).isFile()) files.set(path, await readFile(path));
    }
  }
  return files;
}

/**
 * Every 32 bytes in `bytes` that could be a key, at any offset; and what runs of hex and base64 stand for. Those that are plainly not
 * random (text, zeros, tables of numbers) are left out, which makes the hunt some hundred times shorter.
 */
export function* candidates(bytes: Buffer): Generator<Uint8Array> {
  yield* windows(bytes);
  const text = bytes.toString('latin1');
  for (const [run] of text.matchAll(/[0-9a-fA-F]{64,}/g)) {
    yield* windows(Buffer.from(run, 'hex'));
    yield* windows(Buffer.from(run.slice(1), 'hex'));
  }
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{43,}={0,2}/g)) {
    for (let skip = 0; skip < 4; skip++) yield* windows(Buffer.from(run.slice(skip), 'base64'));
  }
}

function* windows(bytes: Buffer): Generator<Uint8Array> {
  const counts = new Uint32Array(256);
  let distinct = 0;
  for (let at = 0; at < bytes.length; at++) {
    const entering = bytes[at] ?? 0;
    const before = counts[entering] ?? 0;
    counts[entering] = before + 1;
    if (before === 0) distinct++;
    if (at >= KEY_BYTES) {
      const leaving = bytes[at - KEY_BYTES] ?? 0;
      const left = (counts[leaving] ?? 0) - 1;
      counts[leaving] = left;
      if (left === 0) distinct--;
    }
    if (at >= KEY_BYTES - 1 && distinct >= DISTINCT) yield bytes.subarray(at - KEY_BYTES + 1, at + 1);
  }
}

export interface Find {
  readonly path: string;
  readonly what: string;
}

/**
 * Tries everything that lies in the files as a key: `opens` says what one opens, if anything. `tried` is how many different candidates
 * there were.
 */
export function hunt(
  files: ReadonlyMap<string, Buffer>,
  opens: (key: Uint8Array) => string | undefined,
): { finds: readonly Find[]; tried: number } {
  const seen = new Set<string>();
  const finds: Find[] = [];
  for (const [path, bytes] of files) {
    for (const key of candidates(bytes)) {
      const name = Buffer.from(key).toString('latin1');
      if (seen.has(name)) continue;
      seen.add(name);
      const what = opens(key);
      if (what !== undefined) finds.push({ path, what });
    }
  }
  return { finds, tried: seen.size };
}
