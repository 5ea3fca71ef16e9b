/** A repository of some snapshots, put back as often as a sweep likes, and what must hold of it whatever befell it. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { cp, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { Catalog } from '../../../agent/catalog/catalog.ts';
import { builtinPlugins } from '../../../agent/cli/builtin.ts';
import { makeRecipient, TestRepository } from '../../../agent/engine/repository.fixture.ts';
import type { RunReport } from '../../../agent/engine/run-report.ts';
import type { TargetPruned } from '../../../agent/pruning/prune-report.ts';
import { restore, verify } from '../../../agent/recovery/reading.fixture.ts';
import type { RestoreReport } from '../../../agent/recovery/restore-report.ts';
import type { Level, VerifyReport } from '../../../agent/recovery/verification.ts';
import { unlockIdentity } from '../../../agent/repository/keys/identity.ts';
import { sha256 } from '../../kit/samples.ts';
import { type Contents, contentsOf } from './contents.ts';
import { faultyPlugin } from './faulty-plugin.fixture.ts';
import { FaultPoint } from './faulty-target.ts';
import { forgetAndPrune } from './forget-and-prune.fixture.ts';
import { GROWING, type Growth, plant } from './growth.fixture.ts';
// `npm run faults` starts these files without it.
import '../../../agent/dev/quick-threads.ts';

// A thread costs as much to start as all that it does here.
mock.method(os, 'availableParallelism', () => 1);
syncBuiltinESMExports();

const at = { file: 'sweep.yaml', line: 1, column: 1 };

export interface Taken {
  readonly id: string;
  readonly key: string;
  readonly files: Contents;
}

export class SweepPlace implements AsyncDisposable {
  readonly point = new FaultPoint(() => this.#crash());
  /** What was there before any fault. */
  readonly taken: Taken[] = [];
  readonly r: TestRepository;
  /** Every object that was there before, by key, as SHA-256. */
  objects: Contents = new Map();
  /** What the source holds now: it has changed since the newest snapshot. */
  data: Contents = new Map();
  /** Objects of which a half lies under their key. */
  torn: ReadonlySet<string> = new Set();
  /** Whether a fault left packs, indexes or snapshots, whole or by half. */
  leftBehind = false;
  /** Who can read beside the recovery key. */
  #readers: readonly { readonly name: string; readonly publicKey: string; readonly privateKey: string }[] = [];
  #states = 0;
  #crashed = false;

  private constructor(r: TestRepository) {
    this.r = r;
  }

  static async create(growth = GROWING): Promise<SweepPlace> {
    let place: SweepPlace | undefined;
    const plugin = faultyPlugin(() => place?.point ?? assert.fail('opened too early'));
    const r = await TestRepository.create({ plugins: builtinPlugins, extra: [{ plugin, module: import.meta.url }] });
    place = new SweepPlace(r);
    await place.#fill(growth);
    return place;
  }

  async #fill({ snapshots, content }: Growth): Promise<void> {
    const { r } = this;
    for (let n = 1; n <= snapshots + 1; n++) {
      await plant(join(r.folder, 'data'), content(n));
      this.data = contentsOf(join(r.folder, 'data'));
      if (n > snapshots) break;
      const { snapshot, failure } = await this.run();
      assert.ok(snapshot, `${failure?.message}`);
      this.taken.push({ id: snapshot.id, key: snapshot.key, files: this.data });
    }
    r.engine.catalog[Symbol.dispose]();
    await cp(r.path(''), join(r.folder, 'whole/target'), { recursive: true });
    await cp(r.stateFolder, join(r.folder, 'whole/state'), { recursive: true });
    this.objects = contentsOf(r.path(''));
    await this.reset();
  }

  /** Puts repository and state back to what they were, and takes away the fault and what was restored. */
  async reset(): Promise<void> {
    const { r } = this;
    this.point.arm();
    this.torn = new Set();
    await rm(r.path(''), { recursive: true, force: true });
    await cp(join(r.folder, 'whole/target'), r.path(''), { recursive: true });
    await rm(join(r.folder, 'restored'), { recursive: true, force: true });
    this.#useState(join(r.folder, 'whole/state'));
  }

  /** What a process finds that starts now: after a crash, the state as it was then. */
  restart(): void {
    this.point.arm();
    if (!this.#crashed) return;
    this.#useState(join(this.r.folder, 'crashed/state'));
    this.#crashed = false;
  }

  /** The same with this state folder, whose copy it works on; `onCopied` is told of that before anything looks at it. */
  startFrom(stateFolder: string, onCopied?: (copy: string) => void): void {
    this.point.arm();
    this.#useState(stateFolder, onCopied);
  }

  #useState(from: string, onCopied: (copy: string) => void = () => {}): void {
    const { r } = this;
    r.engine.catalog[Symbol.dispose]();
    const stateFolder = join(r.folder, `state-${this.#states++}`);
    cpSync(from, stateFolder, { recursive: true });
    onCopied(stateFolder);
    const catalog = Catalog.open(stateFolder, (message) => r.warnings.push(message));
    if (this.#states > 2) void rm(join(r.folder, `state-${this.#states - 3}`), { recursive: true, force: true });
    Object.assign(r.engine, { stateFolder, catalog });
  }

  #crash(): void {
    const { folder, engine } = this.r;
    cpSync(engine.stateFolder, join(folder, 'crashed/state'), { recursive: true });
    this.#crashed = true;
  }

  /** Notes which of what was offered lies there by half. */
  noteOffered(): void {
    const stored = this.stored();
    const torn = this.point.offered.filter(({ key, body }) => (stored.get(key) ?? sha256(body)) !== sha256(body));
    this.torn = new Set(torn.map(({ key }) => key));
    this.leftBehind = [...stored.keys()].some(
      (key) => /^(packs|indexes|snapshots)\//.test(key) && !this.objects.has(key),
    );
  }

  /** A snapshot that holds what the source holds now. */
  takenNow(key: string): Taken {
    return { id: sha256(readFileSync(this.r.path(key))).slice(0, 8), key, files: this.data };
  }

  get #targets() {
    return [{ name: 'storage', type: 'faulty', options: { path: join(this.r.folder, 'target-0') }, at }];
  }

  get #source() {
    return this.r.files({ paths: [join(this.r.folder, 'data')] });
  }

  /** Forgets all but the newest snapshot, and deletes at once what nothing needs then. `onForgotten` is told between the two. */
  prune(onForgotten?: () => void): Promise<TargetPruned> {
    return forgetAndPrune(this.r, this.#targets, onForgotten);
  }

  /** One reader more: the next run begins an epoch that is sealed to them too. */
  async addReader(): Promise<void> {
    const name = `reader-${this.#readers.length + 1}`;
    const { publicKey, privateKey } = await makeRecipient(name);
    const file = join(this.r.folder, `${name}.asc`);
    await writeFile(file, publicKey);
    this.#readers = [...this.#readers, { name, publicKey: file, privateKey }];
  }

  run(): Promise<RunReport> {
    const readers = this.#readers.map(({ name, publicKey }) => ({ name, publicKey, at }));
    const recipients = [...this.r.recipients, ...readers];
    return this.r.run({ source: this.#source, targets: this.#targets, recipients }, { recipients });
  }

  /** Into the folder `restored`. `again`: over what an earlier one left. */
  restore(id: string, again = false, identity = () => this.r.identity()): Promise<RestoreReport> {
    return restore(this.r, this.#source, join(this.r.folder, 'restored'), {
      targets: this.#targets,
      at: id,
      parallel: 1,
      identity,
      conflict: again ? 'replace' : 'error',
    });
  }

  /** As the reader that was added last. */
  async restoreAsReader(id: string): Promise<RestoreReport> {
    const { privateKey } = this.#readers.at(-1) ?? assert.fail('nobody was added');
    await rm(join(this.r.folder, 'restored'), { recursive: true, force: true });
    return this.restore(id, false, () => unlockIdentity(privateKey, ''));
  }

  /** As somebody who has nothing left of it. */
  async restoreAnew(id: string): Promise<RestoreReport> {
    await rm(join(this.r.folder, 'restored'), { recursive: true, force: true });
    return this.restore(id);
  }

  verify(level: Level = 'checksum'): Promise<VerifyReport> {
    const stored = this.r.engine.catalog.runs.lastStored();
    return verify(this.r, level, { targets: this.#targets, parallel: 1, stored });
  }

  /** Objects that are there now, by key, as SHA-256. */
  stored(): Contents {
    return contentsOf(this.r.path(''));
  }

  restored(): Contents {
    return contentsOf(join(this.r.folder, 'restored'));
  }

  /** What lies beside the folder that is restored into: nothing of it may change. */
  beside(): Contents {
    return contentsOf(join(this.r.folder, 'data'));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.r[Symbol.asyncDispose]();
  }
}
