import { promises } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { sep } from 'node:path';
import type { Change } from './disk.ts';

type Call = (...args: unknown[]) => Promise<unknown>;

/** Calls that change names or contents and that nothing below a recorded folder is expected to make: the model knows no such change. */
const UNKNOWN = [
  'rename',
  'rm',
  'rmdir',
  'symlink',
  'writeFile',
  'appendFile',
  'truncate',
  'cp',
  'copyFile',
  'mkdtemp',
];
const UNKNOWN_OF_FILES = ['appendFile', 'truncate', 'writeFile', 'writev', 'datasync', 'appendFile'];

/**
 * Writes down each call of node:fs/promises by which this thread changes something below a folder, or makes it durable, when it has
 * come to its end. `onChange` is told after each. Disposing puts the calls back.
 */
export class CallRecorder implements AsyncDisposable {
  readonly changes: Change[] = [];
  readonly #root: string;
  readonly #onChange: () => void;
  readonly #undo: (() => void)[] = [];
  readonly #open = new WeakMap<object, string>();
  #files: FileHandle | undefined;

  private constructor(root: string, onChange: () => void) {
    this.#root = root;
    this.#onChange = onChange;
  }

  static async start(root: string, onChange: () => void): Promise<CallRecorder> {
    const recorder = new CallRecorder(root, onChange);
    recorder.#files = await promises.open('/dev/null', 'r');
    recorder.#wrapAll(Object.getPrototypeOf(recorder.#files));
    syncBuiltinESMExports();
    return recorder;
  }

  #wrapAll(file: object): void {
    this.#wrap(promises, 'open', async (real, args) => {
      const [path] = args;
      const isNew = this.#isBelow(path) && !(await exists(path));
      const handle = (await real()) as object;
      if (this.#isBelow(path)) this.#open.set(handle, path);
      if (isNew && this.#isBelow(path)) this.#note({ kind: 'create', path });
      return handle;
    });
    this.#wrapNames('link', ([from, path]) => ({ kind: 'link', from, path }));
    this.#wrapNames('unlink', ([path]) => ({ kind: 'unlink', path }));
    this.#wrapNames('mkdir', ([path]) => ({ kind: 'mkdir', path }));
    this.#wrap(file, 'write', async (real, args, handle) => {
      const path = this.#open.get(handle);
      const [bytes, offset, length, position] = args;
      // The caller may fill its buffer again when this has ended.
      const copy = Buffer.from(bytes as Uint8Array).subarray(Number(offset));
      const result = (await real()) as { bytesWritten: number };
      if (path === undefined) return result;
      if (typeof position !== 'number' || typeof length !== 'number') throw new Error('a write without a position');
      this.#note({ kind: 'write', path, at: position, bytes: copy.subarray(0, result.bytesWritten) });
      return result;
    });
    this.#wrap(file, 'sync', async (real, _, handle) => {
      // What comes while it is under way may not be part of it.
      const upTo = this.changes.length;
      await real();
      const path = this.#open.get(handle);
      if (path !== undefined) this.#note({ kind: 'sync', path, upTo });
    });
    for (const name of UNKNOWN) this.#forbid(promises, name);
    for (const name of UNKNOWN_OF_FILES) this.#forbid(file, name);
  }

  #wrapNames(name: string, changeOf: (paths: readonly [string, string]) => Change): void {
    this.#wrap(promises, name, async (real, args) => {
      const result = await real();
      if (this.#isBelow(args[0])) this.#note(changeOf([args[0], String(args[1])]));
      return result;
    });
  }

  #forbid(owner: object, name: string): void {
    this.#wrap(owner, name, (real, args, self) => {
      if (this.#isBelow(args[0]) || this.#open.has(self))
        throw new Error(`${name}: the model of a disk does not know it`);
      return real();
    });
  }

  #wrap(
    owner: object,
    name: string,
    by: (real: () => Promise<unknown>, args: readonly unknown[], self: object) => Promise<unknown>,
  ): void {
    const real: unknown = Reflect.get(owner, name);
    if (typeof real !== 'function') throw new Error(`there is no ${name} to record`);
    const wrapped: Call = function (this: object, ...args) {
      return by(() => Reflect.apply(real, this, args) as Promise<unknown>, args, this);
    };
    Reflect.set(owner, name, wrapped);
    this.#undo.push(() => Reflect.set(owner, name, real));
  }

  #isBelow(path: unknown): path is string {
    return typeof path === 'string' && (path === this.#root || path.startsWith(this.#root + sep));
  }

  #note(change: Change): void {
    this.changes.push(change);
    this.#onChange();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const undo of this.#undo.splice(0).reverse()) undo();
    syncBuiltinESMExports();
    await this.#files?.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return promises.lstat(path).then(
    () => true,
    () => false,
  );
}
