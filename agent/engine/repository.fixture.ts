import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog } from '../catalog/catalog.ts';
import { defaultOptions } from '../config/default-options.ts';
import type { Job, PluginSpec, RecipientSpec, SourceSpec } from '../config/policy.ts';
import type { PluginRegistry, Registered } from '../config/registry.ts';
import {
  type BackupRequest,
  type Bytes,
  definePlugin,
  fail,
  type Host,
  type Json,
  type Sink,
  type Span,
  type Target,
  type TreeEntry,
  Type,
  type Verdict,
} from '../contract/index.ts';
import { signApproval } from '../repository/approvals.ts';
import { readApprover } from '../repository/keys/approver.ts';
import { type HostKeys, loadHostKeys, newHostKeys, saveHostKeys } from '../repository/keys/host-keys.ts';
import { type Identity, unlockIdentity } from '../repository/keys/identity.ts';
import { ensureMarker, readMarker } from '../repository/marker.ts';
import type { Store } from '../repository/store.ts';
import { Writers } from '../repository/writers.ts';
import { openTelemetry } from '../telemetry/telemetry.ts';
import { type Engine, openStore } from './opening.ts';
import { runJob } from './run.ts';
import type { RunReport } from './run-report.ts';
import type { RunRequest } from './run-request.ts';

const at = { file: 'test.yaml', line: 1, column: 1 };
export const noSpan: Span = { child: () => noSpan, set() {}, end() {} };

/** Stands in every plaintext that a test makes of text: no file of a target may hold it. */
export const CANARY = 'canary-of-plaintext';

type Backup = (out: Sink, request: BackupRequest, host: Host) => Promise<Verdict>;

/** What tests may do to the calls of a target, by its name and the key. */
interface Hooks {
  put?(target: string, key: string, body: Uint8Array): Promise<void> | void;
  get?(target: string, key: string): Promise<void> | void;
  list?(target: string, prefix: string): Promise<void> | void;
  /** Targets that offer no `move`. */
  still?: ReadonlySet<string>;
  close?(target: string): Promise<void> | void;
}

/** A recipient, as OpenPGP keys: the private one has no passphrase, since deriving one takes half a second. */
export interface TestRecipient {
  readonly publicKey: string;
  readonly privateKey: string;
}

export async function makeRecipient(name = 'recovery'): Promise<TestRecipient> {
  const { generateKey } = await import('openpgp');
  // Before any clock that a test may set.
  return generateKey({
    userIDs: { name },
    type: 'ecc',
    curve: 'curve25519Legacy',
    format: 'armored',
    date: new Date(0),
  });
}

/**
 * A repository on targets in a temporary folder, the keys of a host, and an engine: everything but the command line. The
 * source `memory` does what `backup` says; the targets are local ones whose calls can be watched and made to fail.
 */
export class TestRepository implements AsyncDisposable {
  readonly folder: string;
  readonly stateFolder: string;
  readonly engine: Engine;
  readonly targets: readonly PluginSpec[];
  readonly recipient: TestRecipient;
  readonly hooks: Hooks = {};
  /** `<target> <key>` of every object that was put and not there before. */
  readonly created: string[] = [];
  /** What was read from targets, one for each call of `get`; bytes. */
  readonly reads: { readonly key: string; bytes: number }[] = [];
  readonly warnings: string[] = [];
  /** The time, when it is not the system's. */
  clock: Date | undefined;
  backup: Backup = async () => ({ facts: null });
  #catalog: Catalog;

  private constructor(folder: string, recipient: TestRecipient, o: Required<TestOptions>) {
    this.folder = folder;
    this.stateFolder = join(folder, 'state');
    this.recipient = recipient;
    const registry = o.plugins(
      this.#source(),
      this.#target(() => registry),
      ...o.extra,
    );
    this.#catalog = Catalog.open(this.stateFolder, (message) => this.warnings.push(message));
    this.targets = Array.from({ length: o.targets }, (_, i) => this.target(`target-${i}`));
    this.engine = {
      registry,
      stateFolder: this.stateFolder,
      catalog: this.#catalog,
      telemetry: undefined as never,
      log: { debug() {}, info() {}, warn: (message) => void this.warnings.push(message) },
      version: '0.0.0',
      hostName: 'tester',
      readSecret: () => Promise.reject(new Error('no test here has secrets')),
      now: () => this.clock ?? new Date(),
    };
  }

  static async create(o: TestOptions): Promise<TestRepository> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-run-'));
    await mkdir(join(folder, 'state'), { mode: 0o700 });
    const recipient = o.recipient ?? (await makeRecipient());
    await writeFile(join(folder, 'recovery.asc'), recipient.publicKey);
    const made = new TestRepository(folder, recipient, { targets: 1, extra: [], ...o, recipient });
    const telemetry = await openTelemetry({ env: {}, version: '0.0.0', host: 'tester', warn: fail as never });
    Object.assign(made.engine, { telemetry });
    for (const { options } of made.targets) await mkdir(pathOf(options), { mode: 0o700 });
    await using store = await made.openStore();
    const { marker } = await ensureMarker(store, made.engine.now());
    await made.approve(await saveHostKeys(made.stateFolder, newHostKeys(marker.id)));
    return made;
  }

  /** Approves a writer with the recovery key, on every target. */
  async approve({ repository, writer, signer, join }: HostKeys, host = 'tester'): Promise<void> {
    await using store = await this.openStore();
    const identity = await this.identity();
    const created = new Date(0).toISOString();
    const { publicKey } = signer;
    const { key, object } = await signApproval(
      {
        repository,
        writer,
        host,
        publicKey,
        joinKey: join.publicKey,
        domains: [],
        approver: identity.fingerprint,
        created,
      },
      { identity, approver: await readApprover('recovery', this.recipient.publicKey), now: new Date() },
    );
    await store.put(key, object);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#catalog[Symbol.dispose]();
    await rm(this.folder, { recursive: true, force: true });
  }

  target(name: string): PluginSpec {
    return { name, type: 'watched', options: { path: join(this.folder, name) }, at };
  }

  get recipients(): readonly RecipientSpec[] {
    return [{ name: 'recovery', publicKey: join(this.folder, 'recovery.asc'), at }];
  }

  openStore(targets = this.targets): Promise<Store & AsyncDisposable> {
    return openStore(targets, { engine: this.engine, span: noSpan, signal: new AbortController().signal });
  }

  job(over: Partial<Job> = {}): Job {
    const zstd = this.engine.registry.get('codec', 'zstd') ?? fail(noPlugin);
    return {
      name: 'job',
      source: { name: 'memory', type: 'memory', options: {}, at },
      select: null,
      pipeline: {
        name: 'small',
        chunk: { type: 'fastcdc', options: { min: 1024, avg: 4096, max: 16_384 } },
        compress: { type: 'zstd', options: defaultOptions(zstd) },
        encrypt: 'aes-256-gcm',
        checksum: 'sha256',
      },
      targets: this.targets,
      retention: { name: 'default', targets: {}, timezone: 'UTC', at },
      domain: 'tester/default',
      recipients: this.recipients,
      timeoutMs: 0,
      at,
      ...over,
    };
  }

  files(options: Readonly<Record<string, Json>>, name = 'files'): SourceSpec {
    return { name, type: 'files', options, at };
  }

  run(over: Partial<Job> = {}, request: Partial<RunRequest> = {}): Promise<RunReport> {
    return runJob(this.engine, {
      job: this.job(over),
      limits: { workers: 1, memoryBytes: 64 * 2 ** 20, files: 8 },
      recipients: this.recipients,
      policyHash: '00'.repeat(32),
      signal: new AbortController().signal,
      ...request,
    });
  }

  /** Runs a job whose source is this function. */
  runWith(backup: Backup, over: Partial<Job> = {}, request: Partial<RunRequest> = {}): Promise<RunReport> {
    this.backup = backup;
    return this.run(over, request);
  }

  identity(): Promise<Identity> {
    return unlockIdentity(this.recipient.privateKey, '');
  }

  async writers(store: Store): Promise<Writers> {
    const own = await loadHostKeys(this.stateFolder);
    const approvers = [await readApprover('recovery', this.recipient.publicKey)];
    return Writers.load(store, (await readMarker(store)).id, { own, approvers });
  }

  /** Keys on a target that begin with `prefix`, ascending. */
  async keys(prefix: string, target = 'target-0'): Promise<string[]> {
    const root = join(this.folder, target);
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .filter((key) => key.startsWith(prefix))
      .sort();
  }

  path(key: string, target = 'target-0'): string {
    return join(this.folder, target, key);
  }

  /** Removes an object behind the target's back. */
  remove(key: string, target = 'target-0'): Promise<void> {
    return rm(this.path(key, target));
  }

  /** Flips a bit of an object; `at` counts from the end when it is negative. */
  async flip(key: string, at: number, target = 'target-0'): Promise<void> {
    const bytes = await readFile(this.path(key, target));
    const place = at < 0 ? bytes.length + at : at;
    bytes[place] = (bytes[place] as number) ^ 1;
    await rm(this.path(key, target));
    await writeFile(this.path(key, target), bytes);
  }

  #source(): Registered {
    const plugin = definePlugin({
      kind: 'source',
      name: 'memory',
      api: 1,
      version: '0.0.0',
      stability: 'experimental',
      summary: 'Does what a test says.',
      options: Type.Object({}),
      can: [],
      open: async (_, host) => ({
        probe: async () => null,
        backup: (request, out) => this.backup(out, request, host),
        plan: async () => ({ steps: [], state: null }),
        restore: async () => ({ facts: null, skipped: [] }),
        async [Symbol.asyncDispose]() {},
      }),
    });
    return { plugin, module: import.meta.url };
  }

  #target(registry: () => PluginRegistry): Registered {
    const local = () => registry().get('target', 'local') ?? fail(noPlugin);
    const plugin = definePlugin({
      kind: 'target',
      name: 'watched',
      api: 1,
      version: '0.0.0',
      stability: 'experimental',
      summary: 'A local target whose calls are watched.',
      options: Type.Object({ path: Type.String() }),
      identity: (options) => options.path,
      open: async (options, host) => {
        const name = options.path.slice(options.path.lastIndexOf('/') + 1);
        return this.#watched(name, await local().open(options, host));
      },
    });
    return { plugin, module: import.meta.url };
  }

  #watched(name: string, target: Target): Target {
    const { hooks, created, reads } = this;
    const watched: Target = {
      async put(key, body, options) {
        await hooks.put?.(name, key, body);
        const result = await target.put(key, body, options);
        if (result === 'created') created.push(`${name} ${key}`);
        return result;
      },
      async *get(key, range) {
        await hooks.get?.(name, key);
        const read = { key, bytes: 0 };
        reads.push(read);
        for await (const part of target.get(key, range)) {
          read.bytes += part.length;
          yield part;
        }
      },
      async *list(prefix, after) {
        await hooks.list?.(name, prefix);
        yield* target.list(prefix, after);
      },
      now: () => target.now(),
      async [Symbol.asyncDispose]() {
        await target[Symbol.asyncDispose]();
        await hooks.close?.(name);
      },
    };
    const { move } = target;
    if (move !== undefined && !hooks.still?.has(name)) watched.move = (key, to) => move.call(target, key, to);
    return watched;
  }
}

export interface TestOptions {
  /** The plugins that come with the agent, and some of the test's own. */
  plugins(...extra: Registered[]): PluginRegistry;
  readonly targets?: number;
  readonly recipient?: TestRecipient;
  readonly extra?: readonly Registered[];
}

const noPlugin = { code: 'PLUGIN_UNKNOWN', message: 'not built in', origin: 'agent', permanent: true } as const;

function pathOf(options: Json): string {
  return (options as { path: string }).path;
}

/** Bytes that look random and are the same each time: a linear congruential generator (Numerical Recipes). */
export function noise(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** A stream of these bytes, in pieces of these sizes, over and over. */
export async function* pieces(bytes: Uint8Array, ...sizes: number[]): Bytes {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? bytes.length : (sizes[i % sizes.length] as number);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const meta = { mode: 0o644, uid: 0, gid: 0, mtimeNs: 1_000_000_000n };

export function folderEntry(path: string): TreeEntry {
  return { path: Buffer.from(path), meta: { ...meta, mode: 0o755 }, kind: 'directory' };
}

export function dataEntry(path: string, bytes: Uint8Array): TreeEntry {
  return { path: Buffer.from(path), meta, kind: 'data', data: pieces(bytes, 1000) };
}

export async function* entries(...list: TreeEntry[]): AsyncGenerator<TreeEntry> {
  yield* list;
}

export async function collect(bytes: Bytes): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}
