import type { Meta, PlainContent } from '../../contract/index.ts';
import { formatTime } from './duration.ts';
import { printablePath } from './printable.ts';
import { formatSize } from './size.ts';

/** An entry of a tree, as far as it is shown. `size` in bytes. */
export type ShownEntry = { readonly path: Uint8Array; readonly meta: Meta } & (
  | PlainContent
  | { readonly kind: 'file'; readonly size: number }
);

// As tar -tv has it: what a hard link is a name of, a file, a link or a FIFO, stands at that name.
const LETTERS = { directory: 'd', symlink: 'l', hardlink: 'h', file: '-', special: 's' } as const;
const SPECIAL = { fifo: 'p', socket: 's', char: 'c', block: 'b' } as const;
const ACLS = ['system.posix_acl_access', 'system.posix_acl_default'];

/** `-rw-r--r--+`: as ls(1) shows it, but for `h`, another name of something; then `+` for one with an ACL, `@` for one with other extended attributes, else a space. */
export function modeOf(entry: ShownEntry): string {
  const { mode, xattrs = {} } = entry.meta;
  const type = entry.kind === 'special' ? SPECIAL[entry.type] : LETTERS[entry.kind];
  const bits = Array.from('rwxrwxrwx', (letter, at) => ((mode >> (8 - at)) & 1 ? letter : '-'));
  const marks: [bit: number, at: number, letter: string][] = [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ];
  for (const [bit, at, letter] of marks) if (mode & bit) bits[at] = bits[at] === 'x' ? letter : letter.toUpperCase();
  const names = Object.keys(xattrs);
  const more = names.some((name) => ACLS.includes(name)) ? '+' : names.length > 0 ? '@' : ' ';
  return type + bits.join('') + more;
}

/** Of a file; what else there is has none that means anything. */
export function sizeOf(entry: ShownEntry): string {
  return entry.kind === 'file' ? formatSize(entry.size) : '';
}

/** When it was modified, local time; 19 columns. */
export function timeOf({ mtimeNs }: Meta): string {
  // Down, not towards 1970: a nanosecond before it is in 1969.
  const ms = (mtimeNs < 0n ? mtimeNs - 999_999n : mtimeNs) / 1_000_000n;
  const time = new Date(Number(ms));
  return Number.isNaN(time.getTime()) ? '?'.padEnd(19) : formatTime(time);
}

/** The path as it can be asked for; that of a folder ends in `/`. */
export function nameOf({ path, kind }: Pick<ShownEntry, 'path' | 'kind'>): string {
  if (path.length === 0) return './';
  return kind === 'directory' ? `${printablePath(path)}/` : printablePath(path);
}

/** ` -> where a symbolic link points`, ` = the file that this is another name of`. */
export function pointsTo(entry: ShownEntry): string {
  if (entry.kind === 'symlink') return ` -> ${printablePath(entry.target)}`;
  return entry.kind === 'hardlink' ? ` = ${printablePath(entry.target)}` : '';
}
