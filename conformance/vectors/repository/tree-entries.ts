import * as cborg from 'cborg';
import { idKey } from './domain-keys.ts';
import { chunkReferences, latin1, sha256 } from './reference-writer.ts';
import { hex } from './vector.ts';

const KINDS = { directory: 0, file: 1, symlink: 2, hardlink: 3, fifo: 4, socket: 5, char: 6, block: 7 } as const;

/** An entry of a tree. Paths and targets are text, a character a byte. */
export interface Entry {
  readonly path: string;
  readonly kind: keyof typeof KINDS;
  readonly mode?: number;
  readonly owner?: readonly [uid: number, gid: number];
  readonly mtime?: readonly [seconds: number, nanoseconds: number];
  readonly xattrs?: Readonly<Record<string, Uint8Array>>;
  /** The chunks of a file. */
  readonly chunks?: readonly Uint8Array[];
  /** The chunks that hold the list of those, when the entry does not name them itself. */
  readonly lists?: readonly Uint8Array[];
  /** Where it is another than that of its chunks. */
  readonly size?: number;
  readonly target?: string;
  readonly device?: readonly [major: number, minor: number];
  readonly birth?: readonly [seconds: number, nanoseconds: number];
  readonly flags?: number;
  readonly sparse?: true;
}

const sizeOf = ({ chunks = [], size }: Entry) => size ?? chunks.reduce((sum, { length }) => sum + length, 0);

export function entryBytes(entry: Entry): Buffer {
  const { path, kind, mode = 0o644, owner = [0, 0], mtime = [1_767_323_045, 6_000_000] } = entry;
  const { xattrs, chunks = [], lists, target, device, birth, flags, sparse } = entry;
  const fields: [number, unknown][] = [
    ...([
      [0, latin1(path)],
      [1, KINDS[kind]],
      [2, mode],
      [3, owner[0]],
      [4, owner[1]],
    ] as const),
    ...([
      [5, mtime[0]],
      [6, mtime[1]],
    ] as const),
  ].map(([key, value]) => [key, value]);
  if (xattrs !== undefined) fields.push([7, new Map(inOrder(xattrs))]);
  if (kind === 'file') {
    fields.push([8, sizeOf(entry)]);
    fields.push(lists === undefined ? [9, chunkReferences(idKey, chunks)] : [10, chunkReferences(idKey, lists)]);
  }
  if (target !== undefined) fields.push([11, latin1(target)]);
  if (device !== undefined) fields.push([12, device[0]], [13, device[1]]);
  if (birth !== undefined) fields.push([14, birth[0]], [15, birth[1]]);
  if (flags !== undefined) fields.push([16, flags]);
  if (sparse !== undefined) fields.push([17, 1]);
  return Buffer.from(cborg.encode(new Map(fields), { mapSorter: () => 0 }));
}

function inOrder(xattrs: Readonly<Record<string, Uint8Array>>): [string, Uint8Array][] {
  const named = Object.entries(xattrs).map(([name, value]) => ({ name, value, bytes: Buffer.from(name) }));
  named.sort((a, b) => a.bytes.length - b.bytes.length || Buffer.compare(a.bytes, b.bytes));
  return named.map(({ name, value }) => [name, value]);
}

/** What is read of it. */
export function entryInWords(entry: Entry): Record<string, unknown> {
  const { path, kind, mode = 0o644, owner = [0, 0], mtime = [1_767_323_045, 6_000_000] } = entry;
  const { xattrs, chunks = [], target, ...others } = entry;
  return {
    ...others,
    ...{ path: hex(latin1(path)), kind, mode, owner, mtime },
    ...(kind === 'file' ? { size: sizeOf(entry), sha256: hex(sha256(Buffer.concat(chunks))) } : {}),
    ...(target === undefined ? {} : { target: hex(latin1(target)) }),
    ...(xattrs === undefined
      ? {}
      : { xattrs: Object.fromEntries(Object.entries(xattrs).map(([name, value]) => [name, hex(value)])) }),
    lists: undefined,
  };
}
