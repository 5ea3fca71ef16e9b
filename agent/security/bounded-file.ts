import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

/** For a pipe that somebody is about to write to. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 20;

/**
 * What a file holds, but no more than one byte beyond `most`: who named it may have meant another, and a device never ends. A pipe
 * is waited for, but not for ever: opening one that nobody writes to would hold a thread of this process until it is killed.
 * Rejects as `open` and `read` do.
 */
export async function readBounded(file: string, most: number): Promise<Buffer> {
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const isPipe = (await handle.stat()).isFIFO();
  const until = performance.now() + PATIENCE_MS;
  const buffer = Buffer.alloc(most + 1);
  let length = 0;
  while (length < buffer.length) {
    const read = await readSome(handle, buffer.subarray(length));
    length += read ?? 0;
    if (read === 0 && (length > 0 || !isPipe)) break;
    if (!read && performance.now() > until) break;
    if (!read) await setTimeout(PAUSE_MS);
  }
  return buffer.subarray(0, length);
}

/** `undefined` when there is nothing yet. */
async function readSome(handle: FileHandle, into: Buffer): Promise<number | undefined> {
  try {
    return (await handle.read(into)).bytesRead;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return undefined;
    throw error;
  }
}
