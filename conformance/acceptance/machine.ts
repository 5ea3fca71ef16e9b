import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertExit, type Call, Child, documentOf, type Ended } from './program.ts';

export type Given = Partial<Omit<Call, 'cwd'>> & { readonly cwd?: string };

export interface MachineOptions {
  /** What its policy protects; without it, a folder `data` of its own. */
  readonly paths?: readonly string[];
  readonly exclude?: readonly string[];
  /** Who can read beside the recovery key: names, each with its public key in `<name>.asc` beside the policy. */
  readonly recipients?: readonly string[];
  /** The section `sources`, in place of the one source `files`; each is also a job of its name, unless `jobs` says otherwise. */
  readonly sources?: Readonly<Record<string, object>>;
  /** What the jobs say beside targets and retention. */
  readonly jobs?: Readonly<Record<string, { readonly source: string; readonly select?: object }>>;
  /** Targets beside `local`: local folders of these names on the machine. */
  readonly moreTargets?: readonly string[];
  /** `keep` of the class of all jobs; without it, the last 9. */
  readonly keep?: Readonly<Record<string, number | string>>;
  /** The section `limits` of the policy. */
  readonly limits?: Readonly<Record<string, string | number>>;
}

/** What the verb `snapshots` says of one. */
export interface ListedSnapshot {
  readonly id: string;
  readonly key: string;
  readonly source: string;
  readonly verdict: string;
}

export const PASSPHRASE = 'correct horse battery staple';

/**
 * A machine to back up: a folder below the system's temporary folder with a policy, a state folder, a repository, and data. The
 * source and the job are called `files`. Disposing ends what still runs on it, and removes it.
 */
export class Machine implements AsyncDisposable {
  readonly folder: string;
  readonly #children = new Set<Child>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes one, and sets it up: `holdfast init`. */
  static async create(options: MachineOptions = {}): Promise<Machine> {
    const machine = await Machine.prepare();
    try {
      await machine.setPolicy(options);
      assertExit(await machine.call(['init']), 0);
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** One with nothing on it: no policy, no keys, no repository. */
  static async prepare(): Promise<Machine> {
    const machine = new Machine(await mkdtemp(join(tmpdir(), 'holdfast-acceptance-')));
    await mkdir(machine.data);
    return machine;
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  get state(): string {
    return join(this.folder, 'state');
  }

  get repository(): string {
    return join(this.folder, 'repository');
  }

  get policy(): string {
    return join(this.folder, 'holdfast.yaml');
  }

  /** A folder that is not there yet, for a restore. */
  place(name: string): string {
    return join(this.folder, name);
  }

  async setPolicy(o: MachineOptions): Promise<void> {
    const { paths = [this.data], exclude = [], recipients = [], limits = {} } = o;
    const sources = o.sources ?? { files: { type: 'files', paths, exclude } };
    const jobs = o.jobs ?? Object.fromEntries(Object.keys(sources).map((source) => [source, { source }]));
    const { moreTargets = [], keep = { last: 9 } } = o;
    const common = { targets: ['local', ...moreTargets], retention: 'standard' };
    const folders = { local: this.repository, ...Object.fromEntries(moreTargets.map((one) => [one, this.place(one)])) };
    const targets = Object.entries(folders).map(
      ([name, path]) => `${name}: { type: local, path: ${JSON.stringify(path)} }`,
    );
    const readers = ['recovery', ...recipients].map((name) => `${name}: { publicKey: ${name}.asc }`);
    const text = `version: 1
recipients: { ${readers.join(', ')} }
sources: ${flow(sources)}
targets: { ${targets.join(', ')} }
retention: { standard: { keep: ${flow(keep)} } }
jobs: ${flow(Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, { ...job, ...common }])))}
limits: ${JSON.stringify(limits)}
`;
    await writeFile(this.policy, text);
  }

  /** Starts the program here, with the passphrase of the recovery key in its environment. */
  start(args: readonly string[], { env, ...given }: Given = {}): Child {
    const child = new Child(args, {
      cwd: this.folder,
      env: { HOLDFAST_STATE: this.state, HOLDFAST_PASSPHRASE: PASSPHRASE, ...env },
      ...given,
    });
    this.#children.add(child);
    void child.ended.finally(() => this.#children.delete(child));
    return child;
  }

  /** Runs it to its end, whichever that is. */
  call(args: readonly string[], given?: Given): Promise<Ended> {
    return this.start(args, given).ended;
  }

  /** Runs it with `--json`; fails unless it ends well. */
  async ask<T>(args: readonly string[], given?: Given): Promise<T> {
    const ended = await this.call([...args, '--json'], given);
    assertExit(ended, 0);
    return documentOf<T>(ended);
  }

  async snapshots(): Promise<readonly ListedSnapshot[]> {
    return (await this.ask<{ snapshots: readonly ListedSnapshot[] }>(['snapshots'])).snapshots;
  }

  /** Every object of one kind in the repository, by key, with its size in bytes. */
  async objects(
    kind: 'packs' | 'indexes' | 'snapshots' | 'sessions' | 'tmp' | '',
  ): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    const entries = await readdir(join(this.repository, kind), { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const { size } = await stat(path).catch(() => ({ size: undefined }));
      if (size !== undefined) found.set(path.slice(this.repository.length + 1), size);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) await child.kill();
    await removeTree(this.folder);
  }
}

/** Removes a tree, also one with folders that its owner may not write to, and files that nobody may change. */
export async function removeTree(folder: string): Promise<void> {
  if (process.getuid?.() !== 0) spawnSync('chmod', ['-R', 'u+rwX', folder]);
  await rm(folder, { recursive: true, force: true }).catch(() => {
    spawnSync('chattr', ['-R', '-f', '-ia', folder]);
    return rm(folder, { recursive: true, force: true });
  });
}

/** As people write it on one line: tests replace parts of it. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, part]) => `${flow(key)}: ${flow(part)}`)
      .join(', ')} }`;
  // What JSON writes is YAML too (YAML 1.2, 1.3).
  return typeof value === 'string' && /^(?!true|false|null)[a-z][a-z-]*$/.test(value) ? value : JSON.stringify(value);
}
