import { type BigIntStats, constants, promises as fs } from 'node:fs';
import { type Failure, fail } from 'holdfast/plugin';
import { reachPath } from 'holdfast/system';
import { errnoOf, sourceFailure } from './failure.ts';
import type { FolderReader } from './folder-reader.ts';
import { bytesOf, childOf, type RawPath, rawPath } from './raw-path.ts';
import { Rules } from './rules.ts';
import type { Folder, Found, Missed, Segment, Step } from './step.ts';

/** What is left out of a walk, beyond the rules that a folder carries. */
export interface Choices {
  readonly exclude: readonly string[];
  readonly excludeFiles: readonly string[];
  readonly excludeCaches: boolean;
  readonly oneFileSystem: boolean;
}

// A folder of a million names is read in pieces, so that only their names are in memory at once.
const SEGMENT = 512;
// Calls in flight of one segment: enough to keep libuv's threads busy, few enough not to keep others out of them.
const WINDOW = 32;
export const CACHE_TAG = 'CACHEDIR.TAG';
export const CACHE_SIGNATURE = 'Signature: 8a477f597d28d172789f06886806bc55'; // https://bford.info/cachedir/
const MOST_RULES = 1 << 20;

/** Turns a step that is to be looked up into the steps that take its place, in tree order. */
export class LookUp {
  readonly #reader: FolderReader;
  readonly #choices: Choices;
  excluded = 0;

  constructor(reader: FolderReader, choices: Choices) {
    this.#reader = reader;
    this.#choices = choices;
  }

  /** The steps for the root of a tree: the folder itself, then what is in it. */
  async root(absolute: RawPath, branch: Folder['branch']): Promise<Step[]> {
    const stats = await new Promise<BigIntStats | Error>((resolve) =>
      this.#reader.stat(absolute, (error, result) => resolve(error ?? result)),
    );
    if (stats instanceof Error) fail(sourceFailure(stats, 'read the properties of', absolute));
    const folder = this.#folder({ path: '', absolute, stats }, branch, undefined);
    return [
      { kind: 'known', entries: [{ path: '', absolute, stats }] },
      { kind: 'folder', folder },
    ];
  }

  async folder(folder: Folder): Promise<Step[]> {
    const missed: Missed[] = [];
    let names: RawPath[];
    try {
      names = await this.#names(folder);
    } catch (error) {
      return [{ kind: 'known', entries: [{ path: folder.path, failure: sourceFailure(error, 'list', folder.path) }] }];
    }
    names.sort(); // by bytes: see RawPath
    if (this.#choices.excludeCaches && names.includes(CACHE_TAG) && (await this.#isCache(folder))) {
      this.excluded += names.length - 1;
      names = [CACHE_TAG];
    }
    const ruled = await this.#withRules(folder, names, (path, failure) => missed.push({ path, failure }));
    const steps: Step[] = missed.length === 0 ? [] : [{ kind: 'known', entries: missed }];
    for (let from = 0; from < names.length; from += SEGMENT) {
      steps.push({
        kind: 'segment',
        segment: { folder: ruled, names, from, to: Math.min(from + SEGMENT, names.length) },
      });
    }
    const [only] = steps;
    return steps.length === 1 && only?.kind === 'segment' ? this.segment(only.segment) : steps;
  }

  async segment({ folder, names, from, to }: Segment): Promise<Step[]> {
    const paths = names.slice(from, to).map((name) => childOf(folder.absolute, name));
    const stats = await inWindow<BigIntStats>(paths.length, (at, done) => this.#reader.stat(paths[at] ?? '', done));
    const links = await this.#readLinks(paths, stats);
    const steps: Step[] = [];
    let entries: (Found | Missed)[] = [];
    for (const [at, result] of stats.entries()) {
      const name = names[from + at] ?? '';
      const absolute = paths[at] ?? '';
      const path = childOf(folder.path, name);
      if (result instanceof Error) {
        entries.push({ path, failure: sourceFailure(result, 'read the properties of', path) });
        continue;
      }
      if (folder.rules?.excludes(path, result.isDirectory())) {
        this.excluded++;
        continue;
      }
      const link = links.get(at);
      if (link instanceof Error) {
        entries.push({ path, failure: sourceFailure(link, 'read the link', path) });
        continue;
      }
      const found = { path, absolute, stats: result, ...(link === undefined ? {} : { link }) };
      entries.push(found);
      const branch = folder.branch === 'all' ? 'all' : (folder.branch.get(name) ?? 'all');
      if (!result.isDirectory() || this.#elsewhere(folder, result)) continue;
      steps.push({ kind: 'known', entries }, { kind: 'folder', folder: this.#folder(found, branch, folder) });
      entries = [];
    }
    if (entries.length > 0) steps.push({ kind: 'known', entries });
    return steps;
  }

  #elsewhere(folder: Folder, stats: BigIntStats): boolean {
    return this.#choices.oneFileSystem && folder.branch === 'all' && stats.dev !== folder.device;
  }

  #folder(found: Found, branch: Folder['branch'], parent: Folder | undefined): Folder {
    const { path, absolute } = found;
    if (branch !== 'all') return { path, absolute, branch, rules: undefined, device: 0n };
    if (parent?.branch === 'all') return { path, absolute, branch, rules: parent.rules, device: parent.device };
    const { exclude } = this.#choices;
    return {
      path,
      absolute,
      branch,
      rules: exclude.length === 0 ? undefined : new Rules(path, exclude),
      device: found.stats.dev,
    };
  }

  #names(folder: Folder): Promise<RawPath[]> {
    if (folder.branch !== 'all') return Promise.resolve([...folder.branch.keys()]);
    return new Promise((resolve, reject) =>
      this.#reader.list(folder.absolute, (error, names) => (error ? reject(error) : resolve(names))),
    );
  }

  async #readLinks(
    paths: readonly RawPath[],
    stats: readonly (BigIntStats | Error)[],
  ): Promise<ReadonlyMap<number, RawPath | Error>> {
    const at = [...stats.keys()].filter((n) => {
      const result = stats[n];
      return result !== undefined && !(result instanceof Error) && result.isSymbolicLink();
    });
    if (at.length === 0) return new Map();
    const links = await inWindow<RawPath>(at.length, (n, done) => this.#reader.readLink(paths[at[n] ?? 0] ?? '', done));
    return new Map(at.map((index, n) => [index, links[n] ?? '']));
  }

  async #isCache(folder: Folder): Promise<boolean> {
    try {
      const start = await readStart(childOf(folder.absolute, CACHE_TAG), CACHE_SIGNATURE.length);
      return start.toString('latin1') === CACHE_SIGNATURE;
    } catch {
      return false; // then it is no tag, and what is in the folder is kept
    }
  }

  async #withRules(
    folder: Folder,
    names: readonly RawPath[],
    miss: (path: RawPath, failure: Failure) => void,
  ): Promise<Folder> {
    if (folder.branch !== 'all') return folder;
    let { rules } = folder;
    for (const name of this.#choices.excludeFiles.map(rawPath)) {
      if (!names.includes(name)) continue;
      try {
        const text = (await readStart(childOf(folder.absolute, name), MOST_RULES)).toString('utf8');
        rules = new Rules(folder.path, text, rules);
      } catch (error) {
        const path = childOf(folder.path, name);
        miss(path, sourceFailure(error, 'read the patterns in', path));
      }
    }
    return rules === folder.rules ? folder : { ...folder, rules };
  }
}

/** The first `length` bytes of a regular file. Never blocks on a FIFO, never follows a link. */
async function readStart(path: RawPath, length: number): Promise<Buffer> {
  using reached = reachPath(bytesOf(path));
  await using file = await openQuietly(reached.path);
  const { size } = await file.stat();
  const buffer = Buffer.alloc(Math.min(length, size));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
  return buffer.subarray(0, bytesRead);
}

/** Opens it without changing when it was last read, where the system lets this user. */
async function openQuietly(path: Buffer): Promise<fs.FileHandle> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOATIME = 0 } = constants;
  const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
  try {
    return await fs.open(path, flags | O_NOATIME);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error;
    return fs.open(path, flags); // somebody else's
  }
}

/** Calls `start` for 0 to `count` - 1, at most WINDOW at once, and returns what each came to. */
function inWindow<T>(
  count: number,
  start: (at: number, done: (error: Error | null, result: T) => void) => void,
): Promise<(T | Error)[]> {
  return new Promise((resolve) => {
    const results = new Array<T | Error>(count);
    let next = 0;
    let open = 0;
    let starting = false;
    const startMore = () => {
      if (starting) return; // the answer came at once: the loop below goes on
      starting = true;
      while (open < WINDOW && next < count) {
        const at = next++;
        open++;
        start(at, (error, result) => {
          results[at] = error ?? result;
          open--;
          startMore();
        });
      }
      starting = false;
      if (open === 0 && next === count) resolve(results);
    };
    startMore();
  });
}
