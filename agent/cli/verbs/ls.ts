import { type Failure, failureOf, type Meta, type StoredEntry } from '../../contract/index.ts';
import { SnapshotReader } from '../../recovery/snapshot-reader.ts';
import { UnlockedSnapshot } from '../../recovery/unlocked-snapshot.ts';
import { chooseSnapshot, listSnapshots, ofWriter, type StoredSnapshot } from '../../repository/snapshots.ts';
import { findTrusted } from '../../repository/writer-name.ts';
import { advised } from '../advice.ts';
import { openEngine } from '../engine.ts';
import { EXIT, type Exit, exitOf } from '../exit.ts';
import { type Invocation, quoteWord } from '../invocation.ts';
import { openRepository, readingOf } from '../open-repository.ts';
import { formatTime } from '../output/duration.ts';
import { printable, printablePath } from '../output/printable.ts';
import { renderFailure } from '../output/report.ts';
import { formatSize } from '../output/size.ts';
import type { Terminal } from '../output/terminal.ts';
import { requirePolicy } from '../policy.ts';
import { type ReaderOptions, unlockReader } from '../recovery-key.ts';

export interface LsOptions extends ReaderOptions {
  readonly at: string;
  readonly writer?: string;
  readonly target?: string;
}

/** Lists what a snapshot holds, in tree order, as it is read: nothing waits for the whole listing. */
export async function ls(
  invocation: Invocation,
  source: string,
  patterns: readonly string[],
  options: LsOptions,
): Promise<Exit> {
  const { terminal, signal, command } = invocation;
  const { policy, plugins } = await requirePolicy(invocation);
  await using engine = await openEngine(invocation, plugins);
  await using repository = await openRepository(engine, readingOf(policy, options.target), signal);
  const { store, writers, host } = repository;
  const all = await listSnapshots(store, writers);
  const stored = options.writer === undefined ? all : ofWriter(all, findTrusted(writers, options.writer).id);
  const { snapshots } = all;
  const snapshot = chooseSnapshot(stored, writers, source, options.at, host?.writer);
  const identity = await unlockReader(invocation, options);
  await using unlocked = await UnlockedSnapshot.open({
    store,
    writers,
    snapshot,
    listed: snapshots,
    identity,
    registry: plugins,
    signal,
  });
  const listing = terminal.options.json ? new JsonListing(terminal, snapshot) : new TextListing(terminal);
  const reader = new SnapshotReader(unlocked);
  try {
    await list(reader, patterns, snapshot, listing);
  } catch (thrown) {
    const failure = advised(failureOf(thrown, { code: 'LIST_FAILED', origin: 'agent' }));
    listing.end(failure);
    if (signal.aborted) return EXIT.interrupted;
    terminal.error(renderFailure(failure, terminal.paint.message));
    return exitOf(failure);
  }
  listing.end();
  const idle = reader.idlePatterns;
  if (idle.length === 0) {
    const one = quoteWord(source);
    terminal.message(`\nNext: ${command(`restore ${one} --into ./restored --at ${snapshot.id}`)}`);
    return EXIT.ok;
  }
  terminal.warn(
    `nothing in snapshot ${snapshot.id} matches ${idle.map((pattern) => JSON.stringify(pattern)).join(', ')}`,
  );
  return idle.length === patterns.length ? EXIT.usage : EXIT.incomplete;
}

interface Listing {
  /** False when nobody reads any more. */
  stream(name: string, size: number): boolean;
  entry(part: string, entry: StoredEntry): boolean;
  /** With the failure that broke it off, if one did. */
  end(failure?: Failure): void;
}

async function list(
  reader: SnapshotReader,
  patterns: readonly string[],
  snapshot: StoredSnapshot,
  listing: Listing,
): Promise<void> {
  for (const { name, kind, size } of snapshot.opened.header.artifacts) {
    if (kind === 'bytes') {
      if (!listing.stream(name, size)) return;
      continue;
    }
    for await (const entry of reader.tree(name, patterns)) if (!listing.entry(name, entry)) return;
  }
}

class TextListing implements Listing {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  stream(name: string, size: number): boolean {
    return this.#terminal.data(`stream      ${formatSize(size).padStart(9)}  ${' '.repeat(19)}  ${printable(name)}\n`);
  }

  entry(_part: string, entry: StoredEntry): boolean {
    const { meta } = entry;
    const size = entry.kind === 'file' ? formatSize(entry.size) : '';
    const owner = `${meta.uid}:${meta.gid}`.padEnd(9);
    const name = entry.path.length === 0 ? '.' : printablePath(entry.path);
    return this.#terminal.data(
      `${modeOf(entry)}  ${owner}  ${size.padStart(9)}  ${timeOf(meta)}  ${name}${pointsTo(entry)}\n`,
    );
  }

  end(): void {}
}

/** One JSON document, written as it grows: a listing can be longer than memory. */
class JsonListing implements Listing {
  readonly #terminal: Terminal;
  #first = true;

  constructor(terminal: Terminal, { id, opened: { header } }: StoredSnapshot) {
    this.#terminal = terminal;
    const { source, job, host, started, finished } = header;
    terminal.data(`{"snapshot":${JSON.stringify({ id, source, job, host, started, finished })},"entries":[`);
  }

  stream(part: string, size: number): boolean {
    return this.#add({ part, kind: 'stream', size });
  }

  entry(part: string, entry: StoredEntry): boolean {
    const { kind, meta } = entry;
    const { mode, uid, gid, mtimeNs } = meta;
    return this.#add({
      part,
      ...named('path', entry.path),
      kind,
      ...(entry.kind === 'file' ? { size: entry.size } : {}),
      ...('target' in entry ? named('target', entry.target) : {}),
      mode: mode.toString(8).padStart(4, '0'),
      uid,
      gid,
      mtimeNs: String(mtimeNs),
    });
  }

  end(failure?: Failure): void {
    this.#terminal.data(failure === undefined ? '\n]}\n' : `\n],"failure":${JSON.stringify(failure)}}\n`);
  }

  #add(entry: object): boolean {
    const comma = this.#first ? '' : ',';
    this.#first = false;
    return this.#terminal.data(`${comma}\n${JSON.stringify(entry)}`);
  }
}

const LETTERS = { directory: 'd', symlink: 'l', hardlink: '-', file: '-', special: 's' } as const;
const SPECIAL = { fifo: 'p', socket: 's', char: 'c', block: 'b' } as const;

/** `-rw-r--r--`, as ls(1) shows it. */
function modeOf(entry: StoredEntry): string {
  const { mode } = entry.meta;
  const type = entry.kind === 'special' ? SPECIAL[entry.type] : LETTERS[entry.kind];
  const bits = Array.from('rwxrwxrwx', (letter, at) => ((mode >> (8 - at)) & 1 ? letter : '-'));
  const marks: [bit: number, at: number, letter: string][] = [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ];
  for (const [bit, at, letter] of marks) if (mode & bit) bits[at] = bits[at] === 'x' ? letter : letter.toUpperCase();
  return type + bits.join('');
}

function timeOf({ mtimeNs }: Meta): string {
  const time = new Date(Number(mtimeNs / 1_000_000n));
  return Number.isNaN(time.getTime()) ? '?'.padEnd(19) : formatTime(time);
}

function pointsTo(entry: StoredEntry): string {
  if (entry.kind === 'symlink') return ` -> ${printablePath(entry.target)}`;
  return entry.kind === 'hardlink' ? ` = ${printablePath(entry.target)}` : '';
}

/** A path as JSON can hold it; one that is no UTF-8 is readable there, and exact in base64 beside it. */
function named(field: 'path' | 'target', bytes: Uint8Array): Record<string, string> {
  const text = Buffer.from(bytes).toString('utf8');
  if (Buffer.from(text).equals(bytes)) return { [field]: text };
  return { [field]: printablePath(bytes), [`${field}Base64`]: Buffer.from(bytes).toString('base64') };
}
