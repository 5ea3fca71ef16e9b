import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Given, PASSPHRASE } from './machine.ts';
import { assertExit, Child, documentOf, type Ended } from './program.ts';

/** Sets the name of the host in a namespace of its own, and becomes the program. */
const NAMED = ['unshare', ...(process.getuid?.() === 0 ? [] : ['--map-root-user']), '--uts'];

/** One host of a fleet: a name, a state folder and data of its own. */
export class FleetHost {
  readonly name: string;
  readonly #fleet: Fleet;

  constructor(name: string, fleet: Fleet) {
    this.name = name;
    this.#fleet = fleet;
  }

  get state(): string {
    return join(this.#fleet.folder, 'states', this.name);
  }

  get data(): string {
    return join(this.#fleet.folder, 'data', this.name);
  }

  call(args: readonly string[], { env, ...given }: Given = {}): Promise<Ended> {
    const child = new Child(args, {
      cwd: this.#fleet.folder,
      // No passphrase: a host has no key that reads.
      env: { HOLDFAST_STATE: this.state, DATA: this.data, ...env },
      through: [...NAMED, 'sh', '-c', 'hostname "$0" && exec "$@"', this.name],
      ...given,
    });
    return this.#fleet.watched(child).ended;
  }

  /** Runs it with `--json`, to the exit that is expected. */
  async ask<T>(args: readonly string[], exit = 0, given?: Given): Promise<T> {
    const ended = await this.call([...args, '--json'], given);
    assertExit(ended, exit);
    return documentOf<T>(ended);
  }
}

/**
 * Several hosts with one policy, one repository, and an operator who has the recovery key and is none of them. Disposing ends what
 * still runs, and removes everything.
 */
export class Fleet implements AsyncDisposable {
  readonly folder: string;
  readonly #running = new Set<Child>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** `key`: the operator's, of {@link PASSPHRASE}. */
  static async create(policy: string, key: { publicKey: string; privateKey: string }): Promise<Fleet> {
    const fleet = new Fleet(await mkdtemp(join(tmpdir(), 'holdfast-fleet-')));
    await writeFile(join(fleet.folder, 'recovery.asc'), key.publicKey);
    await writeFile(fleet.key, key.privateKey, { mode: 0o600 });
    await fleet.setPolicy(policy);
    return fleet;
  }

  /** The recovery key, on the operator's stick. */
  get key(): string {
    return join(this.folder, 'usb-stick.asc');
  }

  get repository(): string {
    return join(this.folder, 'repository');
  }

  /** What every policy here has, and what this one has beside it. Each host protects its own `${DATA}`. */
  async setPolicy(rest: string): Promise<void> {
    const text = `version: 1
recipients: { recovery: { publicKey: recovery.asc } }
sources: { files: { type: files, paths: ["\${DATA}"] } }
targets: { local: { type: local, path: ${JSON.stringify(this.repository)} } }
${rest}`;
    await writeFile(join(this.folder, 'holdfast.yaml'), text);
  }

  async host(name: string): Promise<FleetHost> {
    const host = new FleetHost(name, this);
    await mkdir(host.data, { recursive: true });
    return host;
  }

  /** The operator, on a machine of the operator's own: nothing is known there but policy and key. */
  async operate(args: readonly string[], { env, ...given }: Given = {}): Promise<Ended> {
    const state = await mkdtemp(join(this.folder, 'operator-'));
    const child = new Child(args, {
      cwd: this.folder,
      env: { HOLDFAST_STATE: state, HOLDFAST_PASSPHRASE: PASSPHRASE, DATA: '/nowhere', ...env },
      ...given,
    });
    const ended = await this.watched(child).ended;
    await rm(state, { recursive: true, force: true });
    return ended;
  }

  async askOperator<T>(args: readonly string[], exit = 0, given?: Given): Promise<T> {
    const ended = await this.operate([...args, '--json'], given);
    assertExit(ended, exit);
    return documentOf<T>(ended);
  }

  /** Keys of the repository that begin with `prefix`, ascending. */
  async keys(prefix: string): Promise<string[]> {
    const entries = await readdir(this.repository, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.repository.length + 1))
      .filter((key) => key.startsWith(prefix))
      .sort();
  }

  place(name: string): string {
    return join(this.folder, name);
  }

  watched(child: Child): Child {
    this.#running.add(child);
    void child.ended.finally(() => this.#running.delete(child));
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running) await child.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}
