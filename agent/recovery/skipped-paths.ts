import { textOfPath } from '../contract/path-text.ts';
import type { ReadableSnapshot } from './unlocked-domains.ts';

/**
 * What a snapshot says that it could not read when it was made. A source names that in words for people; those that are paths of a
 * tree, or names of streams, are recognised. A folder stands for all below it.
 */
export class SkippedPaths {
  readonly #names: ReadonlySet<string>;
  /** Things that were skipped and that nobody named: a snapshot has room for the first of very many. */
  readonly unnamed: number;

  constructor({ snapshot, body }: Pick<ReadableSnapshot, 'snapshot' | 'body'>) {
    // With several roots a source may name one from the top of its host, which is the top of the tree as well.
    this.#names = new Set(body.skipped.map(({ what }) => (what === '.' ? '' : what.replace(/^\//, ''))));
    this.unnamed = Math.max(0, snapshot.opened.header.skipped - body.skipped.length);
  }

  /** Whether a path was skipped, or a folder above it. */
  has(path: Uint8Array): boolean {
    if (this.#names.size === 0) return false;
    return namesOf(path).some((name) => this.#names.has('') || foldersOf(name).some((one) => this.#names.has(one)));
  }

  hasStream(name: string): boolean {
    return this.#names.has(name);
  }
}

/** The path as it may stand in such words: as it is, with U+FFFD for what is no text, or with escapes for what is not to be shown. */
function namesOf(path: Uint8Array): string[] {
  const exact = textOfPath(path);
  const lossy = Buffer.from(path).toString('utf8');
  const escaped =
    exact === lossy
      ? exact.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escapeOf)
      : Buffer.from(path)
          .toString('latin1')
          .replace(/[^\x20-\x7e]/g, escapeOf);
  return [...new Set([lossy, escaped])];
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (character === '\n') return '\\n';
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/** A path and all folders above it, but for the top. */
function foldersOf(name: string): string[] {
  const found = [name];
  for (let at = name.lastIndexOf('/'); at > 0; at = name.lastIndexOf('/', at - 1)) found.push(name.slice(0, at));
  return found;
}
