/**
 * Loaded into a child with `--import`, in all its threads: counts the calls that change something on disk, and kills the process
 * at one of them. A signal from outside meets the moments between two steps of a commit by luck only.
 *
 * - HOLDFAST_TEST_TRACE: a file that gets a line for each call, `<thread> <call>` (`main link`, `worker writeSync`).
 * - HOLDFAST_TEST_DIE: `<thread> <call> <n> <when>`: dies at the n-th such call of a thread, counted from 1. `before` it is made,
 *   `after` it, or `torn`: after half of the bytes of a write.
 */
import fs, { constants, promises } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

type Call = (...args: unknown[]) => unknown;
type When = 'before' | 'torn' | 'after';

/** Of node:fs, node:fs/promises, what they open, and node:sqlite. Calls that write; opening counts when it may write. */
const SYNC = ['openSync', 'writeSync', 'writeFileSync', 'fsyncSync', 'ftruncateSync', 'fchmodSync', 'futimesSync'];
const NAMES = ['link', 'unlink', 'rename', 'mkdir', 'mkdtemp', 'rm', 'symlink', 'lutimes', 'lchown'];
const ASYNC = ['open', 'writeFile', ...NAMES];
const OF_FILES = ['write', 'writeFile', 'sync', 'datasync'];
const WRITING = constants.O_WRONLY | constants.O_RDWR | constants.O_CREAT;

/** As they are: what is imported by name follows the changes below. */
const { openSync, writeSync, closeSync } = fs;

const thread = isMainThread ? 'main' : 'worker';
const trace = process.env['HOLDFAST_TEST_TRACE'];
const log = trace === undefined ? undefined : openSync(trace, 'a', 0o600);
const [dyingThread, dyingCall, nth, moment] = (process.env['HOLDFAST_TEST_DIE'] ?? '').split(' ');
const counts = new Map<string, number>();

/** Whether the process is to die at this call, and when. */
function moments(call: string): When | undefined {
  const count = (counts.get(call) ?? 0) + 1;
  counts.set(call, count);
  if (log !== undefined) writeSync(log, `${thread} ${call}\n`);
  if (thread !== dyingThread || call !== dyingCall || count !== Number(nth)) return undefined;
  return moment as When;
}

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('it did not die');
}

function writes(call: string, args: readonly unknown[]): boolean {
  if (call !== 'open' && call !== 'openSync') return true;
  const flags = args[1] ?? 'r';
  return typeof flags === 'number' ? (flags & WRITING) !== 0 : flags !== 'r';
}

/** The arguments of a write that comes half as far: write(…, bytes, offset, length, position). */
function torn(args: readonly unknown[]): unknown[] {
  return args.map((value, i) => {
    const [bytes, at] = [
      args.find((one) => one instanceof Uint8Array),
      args.findIndex((one) => one instanceof Uint8Array),
    ];
    if (bytes === undefined) return value;
    if (typeof args[at + 2] === 'number') return i === at + 2 ? Math.floor(Number(value) / 2) : value;
    return i === at ? bytes.subarray(0, Math.floor(bytes.length / 2)) : value;
  });
}

function wrap(owner: object, names: readonly string[], prefix = ''): void {
  for (const name of names) {
    const real: unknown = Reflect.get(owner, name);
    if (typeof real !== 'function') throw new Error(`there is no ${name} to die at`);
    const call = `${prefix}${name}`;
    const wrapped: Call = function (this: unknown, ...args) {
      const when = writes(name, args) ? moments(call) : undefined;
      if (when === undefined) return Reflect.apply(real, this, args);
      if (when === 'before') die();
      const result = Reflect.apply(real, this, when === 'torn' ? torn(args) : args);
      return result instanceof Promise ? result.finally(die) : die();
    };
    Reflect.set(owner, name, wrapped);
  }
}

const handle = await promises.open('/dev/null', 'r');
wrap(Object.getPrototypeOf(handle), OF_FILES, 'file.');
await handle.close();
wrap(fs, [...SYNC, ...NAMES.filter((name) => name !== 'lchown').map((name) => `${name}Sync`)]);
wrap(promises, ASYNC);
syncBuiltinESMExports();
if (isMainThread) {
  const { DatabaseSync, StatementSync } = createRequire(import.meta.url)('node:sqlite') as typeof import('node:sqlite');
  wrap(DatabaseSync.prototype, ['exec'], 'sqlite.');
  wrap(StatementSync.prototype, ['run'], 'sqlite.');
}
if (log !== undefined) process.on('exit', () => closeSync(log));
