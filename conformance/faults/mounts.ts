import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

const asRoot = process.getuid?.() === 0;

/**
 * A mount namespace: what is mounted in it is seen by the programs that are run in it and by nobody else, and is gone with the
 * process that holds it, which ends when this one does. Root needs nothing for that, anybody else a user namespace.
 */
export class Mounts implements AsyncDisposable {
  readonly #holder: ChildProcessByStdio<Writable, Readable, null>;

  private constructor(holder: ChildProcessByStdio<Writable, Readable, null>) {
    this.#holder = holder;
  }

  /** Fails, with what unshare(1) said, where a process may not have mounts of its own: these tests need them. */
  static async open(): Promise<Mounts> {
    const space = ['--mount', '--propagation', 'private', ...(asRoot ? [] : ['--user', '--map-root-user'])];
    const holder = spawn('unshare', [...space, 'sh', '-c', 'echo there; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit').then(() => refused(space))]);
    return new Mounts(holder);
  }

  /** What runs the command behind it in this namespace, in the folder `cwd`. */
  through(cwd = '/'): readonly string[] {
    const user = asRoot ? [] : ['--user', '--preserve-credentials'];
    return ['nsenter', `--target=${this.#holder.pid}`, '--mount', ...user, '--', 'env', '-C', cwd];
  }

  /** Runs a command here; fails when it does. Its standard output. */
  run(command: string, ...args: readonly string[]): string {
    const [first = '', ...rest] = this.through();
    const { status, stdout, stderr, error } = spawnSync(first, [...rest, command, ...args], { encoding: 'utf8' });
    if (error !== undefined) throw error;
    if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
    return stdout;
  }

  /** An absolute path of this namespace, for this process: it sees the folder below the mount otherwise. */
  inside(path: string): string {
    return `/proc/${this.#holder.pid}/root${path}`;
  }

  /** Mounts an empty file system in memory; `options` as in tmpfs(5). */
  memory(folder: string, ...options: readonly string[]): void {
    this.run('mount', '-t', 'tmpfs', '-o', ['mode=0700', ...options].join(), 'tmpfs', folder);
  }

  /** Changes the options of what {@link memory} mounted: `ro`, `size=…`. */
  remount(folder: string, ...options: readonly string[]): void {
    this.run('mount', '-o', ['remount', ...options].join(), folder);
  }

  /** Unmounts whatever is mounted on a folder. */
  clear(folder: string): void {
    while (this.run('cat', '/proc/self/mounts').includes(` ${folder} `)) this.run('umount', '-l', folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#holder.exitCode !== null) return;
    const ended = once(this.#holder, 'exit');
    this.#holder.stdin.end();
    await ended;
  }
}

function refused(space: readonly string[]): never {
  throw new Error(
    `unshare ${space.join(' ')} was refused: run these tests as root, or where users may have namespaces (user.max_user_namespaces)`,
  );
}
