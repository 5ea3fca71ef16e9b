import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { fail, type Range } from 'holdfast/plugin';
import { errnoOf } from './system-error.ts';
import { mismatch } from './temporary-files.ts';

/** As much as what is restored is asked for at a time: then nothing is put together from pieces, which would be a second copy. */
const READ_BYTES = 4 * 2 ** 20;

/** Opens the file of an object; undefined when there is none: nothing of this name, or not a file. */
export async function openObject(path: string): Promise<{ file: FileHandle; size: number } | undefined> {
  let file: FileHandle;
  try {
    // O_NONBLOCK: a FIFO somebody put there must not stop us.
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP'].includes(errnoOf(thrown) ?? '')) return undefined;
    throw thrown;
  }
  try {
    const found = await file.stat();
    if (found.isFile()) return { file, size: found.size };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
  await file.close();
  return undefined;
}

/** Reads a range of an open file in pieces of 4 MiB, each in a buffer of its own. */
export async function* readRange(
  file: FileHandle,
  size: number,
  range: Range,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const end = Math.min(size, range.length === undefined ? size : range.offset + range.length);
  for (let at = range.offset; at < end; ) {
    signal.throwIfAborted();
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(Math.min(READ_BYTES, end - at)), {
      position: at,
    });
    if (bytesRead === 0) tooShort(at, size);
    yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** Compares an open object with `body`, and `body` with its declared digest. */
export async function holdsSame(
  object: { readonly file: FileHandle; readonly size: number },
  body: Uint8Array,
  sha256: string,
  signal: AbortSignal,
): Promise<boolean> {
  const digest = createHash('sha256').update(body).digest('hex');
  if (digest !== sha256) mismatch(digest, sha256);
  if (object.size !== body.length) return false;
  let at = 0;
  for await (const piece of readRange(object.file, object.size, { offset: 0 }, signal)) {
    if (Buffer.compare(piece, body.subarray(at, at + piece.length)) !== 0) return false;
    at += piece.length;
  }
  return true;
}

function tooShort(at: number, size: number): never {
  return fail({
    code: 'TARGET_IO',
    message: `an object ended at ${at} bytes while it was read, and had ${size}`,
    origin: 'target',
    permanent: false,
  });
}
