import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** One entry of a tree, as far as a backup owes it to its user. */
interface Seen {
  readonly kind: 'file' | 'folder' | 'symlink' | 'other';
  /** SHA-256 of the content, or where a link points. */
  readonly content: string;
  readonly size: number;
  readonly mode: number;
  readonly owner: string;
  readonly mtimeNs: bigint;
  /** The first name of the same file, in the order of names; its own when there is no other. */
  readonly first: string;
}

/** A tree at one moment: by path, relative, bytes as Latin-1. */
export type Picture = ReadonlyMap<string, Seen>;

/** Times are restored to about a quarter of a microsecond. */
const TIME_NS = 1000n;

/** Looks at all of `root`. What `skip` names is left out, by name. */
export function takePicture(root: string, skip: (name: string) => boolean = () => false): Picture {
  const seen = new Map<string, Seen>();
  const first = new Map<bigint, string>();
  const visit = (path: string): void => {
    const place = Buffer.from(join(root, path), 'latin1');
    const stat = lstatSync(place, { bigint: true });
    const kind = stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : stat.isSymbolicLink() ? 'symlink' : 'other';
    if (kind !== 'folder' && !first.has(stat.ino)) first.set(stat.ino, path);
    seen.set(path, {
      kind,
      content: kind === 'file' ? digestOf(place) : kind === 'symlink' ? readlinkSync(place, 'latin1') : '',
      size: kind === 'file' ? Number(stat.size) : 0,
      mode: Number(stat.mode & 0o7777n),
      owner: `${stat.uid}:${stat.gid}`,
      mtimeNs: stat.mtimeNs,
      first: first.get(stat.ino) ?? path,
    });
    if (kind !== 'folder') return;
    for (const name of readdirSync(place, 'latin1').sort())
      if (!skip(name)) visit(path === '' ? name : `${path}/${name}`);
  };
  visit('');
  return seen;
}

function digestOf(place: Buffer): string {
  return createHash('sha256').update(readFileSync(place)).digest('hex');
}

/** How `found` differs from `wanted`, a line for each path; none when it does not. */
export function differencesOf(wanted: Picture, found: Picture): string[] {
  const lines: string[] = [];
  for (const [path, one] of wanted) {
    const other = found.get(path);
    const what = other === undefined ? ['missing'] : fieldsApart(one, other);
    if (what.length > 0) lines.push(`${path}: ${what.join(', ')}`);
  }
  for (const path of found.keys()) if (!wanted.has(path)) lines.push(`${path}: was not there`);
  return lines;
}

/** Files of `found` that are not, with all they should have, what `wanted` has under their name. */
export function unlikeFiles(wanted: Picture, found: Picture): string[] {
  const lines: string[] = [];
  for (const [path, one] of found) {
    const other = wanted.get(path);
    // Folders get what is theirs when all is in them, links and FIFOs their time after they are made; other names of a file come later.
    if (one.kind === 'folder' && other?.kind === 'folder') continue;
    const { first, mtimeNs, owner } = one;
    const late = one.kind === 'file' ? { first } : { first, mtimeNs, owner };
    const what = other === undefined ? ['was not there'] : fieldsApart({ ...other, ...late }, one);
    if (what.length > 0) lines.push(`${path}: ${what.join(', ')}`);
  }
  return lines;
}

function fieldsApart(wanted: Seen, found: Seen): string[] {
  const apart = (['kind', 'content', 'size', 'mode', 'owner', 'first'] as const)
    .filter((field) => wanted[field] !== found[field])
    .map((field) => `${field} ${found[field]} instead of ${wanted[field]}`);
  const late = found.mtimeNs - wanted.mtimeNs;
  if (late > TIME_NS || late < -TIME_NS) apart.push(`time ${found.mtimeNs} instead of ${wanted.mtimeNs}`);
  return apart;
}
