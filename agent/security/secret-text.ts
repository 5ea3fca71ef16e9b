import { stat } from 'node:fs/promises';
import { readBounded } from './bounded-file.ts';

const MAX_BYTES = 64 * 1024;

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
    return decodeSecret(await readBounded(file, MAX_BYTES));
  } catch (error) {
    return unreadable(error);
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
