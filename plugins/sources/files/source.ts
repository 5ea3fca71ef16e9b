import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  BackupRequest,
  Change,
  Host,
  Json,
  KnownFiles,
  Plan,
  Reader,
  Restored,
  RestoreRequest,
  Sink,
  Source,
  TreeEntry,
  Verdict,
} from 'holdfast/plugin';
import { fail } from 'holdfast/plugin';
import { openExtras, removeTree } from 'holdfast/system';
import { captureFacts, type Kept } from './captured.ts';
import { type Described, withExtras } from './extras.ts';
import type { FolderReader } from './folder-reader.ts';
import type { FilesOptions } from './options.ts';
import { bytesOf, printable } from './raw-path.ts';
import { planRestore } from './restore-plan.ts';
import { wanted } from './restore-request.ts';
import { type RestoreOptions, Restorer } from './restorer.ts';
import { findRoots, selectionOf } from './roots.ts';
import { fileStamp, Tree } from './tree.ts';
import { Walk } from './walk.ts';

/** The one artifact of this source. */
export const artifact = 'files';

/** Folders and files of this host. See README.md for what is kept, and what a restore does. */
export class FilesSource implements Source {
  readonly #options: FilesOptions;
  readonly #host: Host;
  readonly #reader: FolderReader | undefined;

  constructor(options: FilesOptions, host: Host, reader?: FolderReader) {
    this.#options = options;
    this.#host = host;
    this.#reader = reader;
  }

  async probe(): Promise<Json> {
    const missing: string[] = [];
    const roots = await this.#roots((what) => missing.push(what));
    return {
      roots: roots.map(({ path, folder }) => ({ path: printable(path), kind: folder ? 'folder' : 'file' })),
      missing,
    };
  }

  async backup(request: BackupRequest, out: Sink): Promise<Verdict> {
    if (request.select !== null) fail(selectsNothing);
    const roots = await this.#roots((what, failure) => out.skip(what, failure));
    const {
      exclude = [],
      excludeFiles = [],
      excludeCaches = false,
      oneFileSystem = false,
      xattrs = true,
      flags = true,
      parallel = 8,
    } = this.#options;
    const walk = new Walk({
      selection: selectionOf(roots, this.#options.paths.length > 1),
      exclude,
      excludeFiles,
      excludeCaches,
      oneFileSystem,
      parallel: Math.max(1, Math.min(parallel, request.parallel)),
      signal: this.#host.signal,
      skip: (what, failure) => out.skip(what, failure),
      ...(this.#reader === undefined ? {} : { reader: this.#reader }),
    });
    const tree = new Tree();
    const unread = new Set<Kept>();
    const kept = () => kinds({ xattrs, flags }).filter((one) => !unread.has(one));
    const facts = () => ({
      ...tree.facts,
      excluded: walk.excluded,
      captured: captureFacts(this.#options, roots, kept()),
    });
    const found = (known: KnownFiles) =>
      withExtras(walk, {
        access: openExtras(),
        wanted: { xattrs, flags },
        isPlain: ({ path, stats }) => known.isPlain(bytesOf(path), fileStamp(stats)),
        signal: this.#host.signal,
        unread,
        skip: (what, failure) => out.skip(what, failure),
      });
    await out.tree(artifact, (known) => entries(found(known), tree), { facts });
    return { facts: facts() };
  }

  /** A folder of its own, for a rehearsal. */
  async scratch(): Promise<AsyncDisposable & { readonly into: RestoreRequest['into']; readonly address: Json }> {
    const folder = await mkdtemp(join(this.#host.scratchDir, 'drill-'));
    return {
      into: { folder },
      address: { folder },
      [Symbol.asyncDispose]: () => removeTree(folder),
    };
  }

  async plan(request: RestoreRequest, from: Reader, tell?: (change: Change) => void): Promise<Plan> {
    return planRestore({ ...(await this.#restoring(request, from)), ...(tell === undefined ? {} : { tell }) });
  }

  async restore(plan: Plan, request: RestoreRequest, from: Reader): Promise<Restored> {
    return new Restorer(await this.#restoring(request, from)).run(plan);
  }

  async #restoring(request: RestoreRequest, from: Reader): Promise<RestoreOptions> {
    this.#host.signal.throwIfAborted();
    const wish = await wanted(request, { from, artifact, options: this.#options });
    return { wanted: wish, from, artifact, host: this.#host };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #roots(skip: Parameters<typeof findRoots>[0]['skip']): ReturnType<typeof findRoots> {
    this.#host.signal.throwIfAborted();
    return findRoots({ paths: this.#options.paths, onMissing: this.#options.onMissing ?? 'error', skip });
  }
}

function kinds({ xattrs, flags }: Readonly<Record<Kept, boolean>>): Kept[] {
  return [...(xattrs ? (['xattrs'] as const) : []), ...(flags ? (['flags'] as const) : [])];
}

async function* entries(walk: AsyncIterable<Described>, tree: Tree): AsyncGenerator<TreeEntry> {
  for await (const found of walk) yield tree.entry(found);
}

const selectsNothing = {
  code: 'SOURCE_SELECT',
  message: 'a files source takes no select',
  origin: 'policy',
  permanent: true,
  hint: 'name what to protect in paths, and what not in exclude',
} as const;
