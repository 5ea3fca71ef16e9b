import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

const MAX_BYTES = 64 * 1024;
/** For a pipe that somebody is about to write to. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 20;

/** A secret that was read, or why it could not be: a clause that goes on after the name of its place. */
export type SecretText =
  | { readonly text: string }
  | { readonly fault: string; readonly hint?: string; readonly unsafe?: true; readonly cause?: Error };

/** The secret in a file of its own. One that others can read is none. */
export async function readSecretFile(file: string): Promise<SecretText> {
  try {
    const facts = await stat(file);
    const shared = facts.mode & 0o077;
    // A pipe (`--passphrase-file <(pass show backup)`) is nobody else's, whatever its mode says.
    if (facts.isFile() && shared !== 0) {
      const mode = (facts.mode & 0o777).toString(8);
      return { fault: `can be read by others (mode ${mode})`, hint: `chmod 600 ${file}`, unsafe: true };
    }
  } catch (error) {
    return unreadable(error);
  }
  return readGuardedFile(file);
}

/** The same of a file that somebody else guards, so that its mode says nothing: a credential of systemd. */
export async function readGuardedFile(file: string): Promise<SecretText> {
  try {
    return decodeSecret(await readBounded(file));
  } catch (error) {
    return unreadable(error);
  }
}

/**
 * At most one byte more than a secret may have. A pipe is waited for, but not for ever: opening one that nobody writes to would
 * hold a thread of this process until it is killed.
 */
async function readBounded(file: string): Promise<Buffer> {
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const isPipe = (await handle.stat()).isFIFO();
  const until = performance.now() + PATIENCE_MS;
  const buffer = Buffer.alloc(MAX_BYTES + 1);
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

/** The text without the newline that editors and `echo` put at its end. `bytes` are wiped. */
export function decodeSecret(bytes: Buffer): SecretText {
  try {
    if (bytes.length > MAX_BYTES) return { fault: `is longer than ${MAX_BYTES} bytes` };
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '');
    return text === '' ? { fault: 'is empty' } : { text };
  } catch (error) {
    if (error instanceof TypeError) return { fault: 'is not UTF-8 text' };
    throw error;
  } finally {
    bytes.fill(0);
  }
}

function unreadable(error: unknown): SecretText {
  if (!(error instanceof Error && 'code' in error)) throw error;
  return { fault: `cannot be read: ${error.message}`, cause: error };
}
