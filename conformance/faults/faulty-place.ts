import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assertSameContent } from '../acceptance/difference.ts';
import { type Given, Machine, PASSPHRASE } from '../acceptance/machine.ts';
import { assertExit, documentOf, type Ended } from '../acceptance/program.ts';
import { noise } from '../kit/samples.ts';
import { Mounts } from './mounts.ts';

interface Failing {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

interface Document {
  readonly failure?: Failing;
  readonly runs?: readonly { readonly failure?: Failing; readonly totals: { readonly newBytes: number } }[];
  readonly targets?: readonly { readonly failure?: Failing }[];
}

/** The least memory makes the smallest packs, 8 MiB; one worker makes them in one order. */
const limits = { memory: '64MiB', workers: 1 };

/**
 * A machine with two snapshots, whose target can be mounted over, filled and taken away. Everything it was is kept, so that each
 * fault begins from the same place: {@link reset}.
 */
export class FaultyPlace implements AsyncDisposable {
  readonly machine: Machine;
  readonly mounts: Mounts;
  /** The ids of the two snapshots, and folders with what each holds. */
  readonly earlier: { readonly id: string; readonly data: string }[] = [];
  #restores = 0;

  private constructor(machine: Machine, mounts: Mounts) {
    this.machine = machine;
    this.mounts = mounts;
  }

  /** `before`: what comes before those two, and is forgotten then. */
  static async create(before?: (machine: Machine) => Promise<void>): Promise<FaultyPlace> {
    const machine = await Machine.create({ limits, keep: { last: before === undefined ? 9 : 2 } });
    const place = new FaultyPlace(machine, await Mounts.open());
    await before?.(machine);
    for (const n of [1, 2]) {
      await mkdir(join(machine.data, `folder ${n}`));
      await writeFile(join(machine.data, `folder ${n}/file`), noise(n, 20_000 * n));
      await machine.ask(['run']);
      const data = machine.place(`data-${n}`);
      await cp(machine.data, data, { recursive: true, preserveTimestamps: true });
      place.earlier.push({ id: (await machine.snapshots()).at(-1)?.id ?? assert.fail(), data });
    }
    if (before !== undefined) await machine.ask(['forget', '--yes']);
    await cp(machine.repository, place.whole, { recursive: true });
    await cp(machine.state, machine.place('whole-state'), { recursive: true });
    return place;
  }

  get repository(): string {
    return this.machine.repository;
  }

  /** The repository as it was, for comparing and for bringing objects back. */
  get whole(): string {
    return this.machine.place('whole-repository');
  }

  /** Puts repository, state and data back, and unmounts what a test that failed left mounted. */
  async reset(): Promise<void> {
    const { machine } = this;
    this.mounts.clear(this.repository);
    await rm(this.repository, { recursive: true, force: true });
    await cp(this.whole, this.repository, { recursive: true });
    await rm(machine.state, { recursive: true });
    await cp(machine.place('whole-state'), machine.state, { recursive: true });
    const data = this.earlier[1]?.data ?? assert.fail();
    await rm(machine.data, { recursive: true });
    await cp(data, machine.data, { recursive: true, preserveTimestamps: true });
  }

  /** Runs a verb with `--json`, where the mounts are; `args` with `restore` get a folder to restore into. */
  async call(args: readonly string[], given: Given = {}): Promise<Ended & { failure: Failing | undefined }> {
    const words = args[0] === 'restore' && !args.includes('--into') ? [...args, '--into', this.#newFolder()] : args;
    const through = this.mounts.through(this.machine.folder);
    const ended = await this.machine.call([...words, '--json'], { through, ...given });
    assertKeepsSecrets(ended);
    const { failure, runs = [], targets = [] } = documentOf<Document>(ended);
    return { ...ended, failure: failure ?? [...runs, ...targets].find((one) => one.failure !== undefined)?.failure };
  }

  /** Runs a verb that fails: it ends with `exit`, and says which failure, of what, and what to do next. */
  async fails(args: readonly string[], exit: number, code: string, names: RegExp): Promise<Failing> {
    const { failure, ...ended } = await this.call(args);
    assertExit(ended, exit);
    assert.equal(failure?.code, code, `${args.join(' ')}: ${failure?.message}`);
    assert.match(failure.message, names, args.join(' '));
    assert.match(failure.hint ?? '', /\w+ \w+/, `${args.join(' ')}: no hint`);
    assert.ok(ended.stderr.includes(code) && /hint {3}\w/.test(ended.stderr), ended.stderr);
    return failure;
  }

  /** `validate --connect` says so at the target's line. */
  async isFoundByValidate(code: string, names: RegExp): Promise<void> {
    const ended = await this.call(['validate', '--connect']);
    assertExit(ended, 78);
    const { diagnostics } = documentOf<{ diagnostics: { code: string; message: string; hint?: string }[] }>(ended);
    const [found, more] = diagnostics.filter((one) => one.code === 'HF5006');
    assert.ok(found && more === undefined && found.message.endsWith(`(${code})`), JSON.stringify(diagnostics));
    assert.match(found.message, names);
    assert.match(found.hint ?? '', /\w+ \w+/);
  }

  /** `plan` goes on without the target, and says what it therefore does not know. */
  async isToldByPlan(names: RegExp): Promise<void> {
    const ended = await this.machine.call(['plan'], { through: this.mounts.through(this.machine.folder) });
    assertExit(ended, 0);
    assert.match(/retention +unknown: (.*)/.exec(ended.stdout)?.[1] ?? '', names);
  }

  /** A snapshot that was there before restores, byte by byte: the older one, whose content the newer needs too, or the newer. */
  async assertNothingLost(which: 0 | 1 = 0): Promise<void> {
    const { id, data } = this.earlier[which] ?? assert.fail();
    await this.assertRestores(id, data);
  }

  async assertRestores(at: string, data: string): Promise<void> {
    const into = this.#newFolder();
    assertExit(await this.call(['restore', 'files', '--at', at, '--into', into]), 0);
    assertSameContent(data, into);
    await rm(into, { recursive: true });
  }

  /** The fault is gone: the next run works, its snapshot holds what there is now, and nothing from before is lost. */
  async assertWorksAgain(): Promise<number> {
    const ended = await this.call(['run']);
    assertExit(ended, 0);
    await this.assertRestores('latest', this.machine.data);
    await this.assertNothingLost();
    return documentOf<Document>(ended).runs?.[0]?.totals.newBytes ?? Number.NaN;
  }

  /** Puts bytes under a key, on the file system that this process sees. */
  async put(key: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.repository, key);
    await rm(path, { recursive: true, force: true });
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }

  #newFolder(): string {
    const folder = this.machine.place(`restored-${this.#restores++}`);
    assert.ok(!existsSync(folder));
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mounts[Symbol.asyncDispose]();
    await this.machine[Symbol.asyncDispose]();
  }
}

function assertKeepsSecrets({ command, stdout, stderr }: Ended): void {
  for (const secret of [PASSPHRASE, 'PRIVATE KEY']) {
    assert.ok(!(stdout + stderr).includes(secret), `${command} says a secret`);
  }
}
