import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { generateKey } from 'openpgp';
import { type Given, Machine, PASSPHRASE } from '../../acceptance/machine.ts';
import { assertExit, type Child, type Ended } from '../../acceptance/program.ts';
import type { Random } from '../../benchmark/random.ts';
import { type Canaries, ChangingTree } from './changing-tree.ts';
import type { Figures, Phase } from './figures.ts';
import { count } from './figures.ts';
import { type Moment, Moments } from './moments.ts';
import { ObjectLedger } from './object-ledger.ts';
import { type Picture, takePicture } from './picture.ts';

export interface TakenSnapshot {
  readonly key: string;
  /** What the command line calls it. */
  readonly id: string;
  readonly picture: Picture;
  proven: boolean;
}

export interface PlaceOptions {
  readonly random: Random;
  readonly figures: Figures;
  /** Where Node keeps compiled code, for all places: starting the program then takes half the time. */
  readonly compiled: string;
}

/** A machine whose processes are killed, with all that is known of it. One process runs on it at a time. */
export class Place implements AsyncDisposable {
  readonly machine: Machine;
  readonly repository: string;
  readonly random: Random;
  readonly figures: Figures;
  readonly tree: ChangingTree;
  readonly ledger: ObjectLedger;
  readonly snapshots: TakenSnapshot[] = [];
  /** The least memory there may be makes the smallest packs: more of them, and more moments between. */
  readonly limits = { memory: '64MiB', workers: 2 };
  readonly canaries: Canaries;
  readonly #env: Record<string, string>;
  readonly #usual = new Map<string, number>();
  /** Kills of this place's processes that were met alive. */
  kills = 0;
  #reader: readonly string[] = [];

  private constructor(machine: Machine, repository: string, { random, figures, compiled }: PlaceOptions) {
    this.machine = machine;
    this.random = random;
    this.figures = figures;
    const word = randomBytes(9).toString('hex');
    this.canaries = { content: `canary-of-content-${word}`, name: `canary-of-names-${word}` };
    this.tree = new ChangingTree(machine.data, random, this.canaries);
    this.repository = repository;
    this.ledger = new ObjectLedger(repository);
    this.#env = { TMPDIR: machine.place('tmp'), NODE_COMPILE_CACHE: compiled };
  }

  /** With its data, and nothing else. `repository`: below its folder. */
  static async create(options: PlaceOptions, repository = 'repository'): Promise<Place> {
    const machine = await Machine.prepare();
    const place = new Place(machine, machine.place(repository), options);
    mkdirSync(place.machine.place('tmp'));
    place.tree.grow();
    return place;
  }

  /**
   * Sets it up for two recipients, and lets the second one read: its key has no passphrase, and so takes no time to open.
   */
  async setUp(): Promise<void> {
    const { machine } = this;
    const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: 'Operator' }], format: 'armored' });
    writeFileSync(machine.place('operator.asc'), publicKey);
    writeFileSync(machine.place('operator.key'), privateKey, { mode: 0o600 });
    await machine.setPolicy({ recipients: ['operator'], limits: this.limits });
    assertExit(await this.call(['init']), 0);
    this.#reader = ['--key', machine.place('operator.key')];
  }

  /** What a restore is told about whose key reads. */
  get reader(): readonly string[] {
    return this.#reader;
  }

  /** Runs the program to its end, and says how it ended. */
  async call(args: readonly string[], given: Given = {}): Promise<Ended> {
    return this.#heard(await this.#start(args, given).ended);
  }

  /** Runs it and writes down every call that writes, for later kills. */
  async traced(
    args: readonly string[],
    given: Given = {},
  ): Promise<{ readonly ended: Ended; readonly moments: Moments }> {
    const file = this.machine.place(`trace-${randomBytes(4).toString('hex')}`);
    const ended = await this.call(args, { ...given, ...dying({ HOLDFAST_TEST_TRACE: file }, given) });
    const moments = new Moments(this.random, existsSync(file) ? readFileSync(file, 'utf8') : '');
    rmSync(file, { force: true });
    return { ended, moments };
  }

  /** Runs it and kills it, with its whole group, at `moment`; or later than it lived. */
  async kill(phase: Phase, args: readonly string[], moment: Moment, given: Given = {}): Promise<Ended> {
    const ended =
      moment.kind === 'call'
        ? await this.#start(args, { ...given, ...dying({ HOLDFAST_TEST_DIE: moment.die }, given) }).ended
        : await this.#after(moment.share, args, given, (child) => child.signal('SIGKILL'));
    if (ended.signal === 'SIGKILL') {
      this.figures.killed(phase, moment.kind);
      this.kills++;
    } else count(this.figures.survived, phase);
    return this.#heard(ended);
  }

  /** Sends `signal` so far into the process's usual time. */
  async interrupt(args: readonly string[], signal: 'SIGINT' | 'SIGTERM', share: number): Promise<Ended> {
    return this.#heard(await this.#after(share, args, {}, (child) => child.signal(signal)));
  }

  async #after(share: number, args: readonly string[], given: Given, act: (child: Child) => void): Promise<Ended> {
    const child = this.#start(args, given);
    const waiting = new AbortController();
    const wait = setTimeout(share * (this.#usual.get(args[0] ?? '') ?? 1) * 1000, undefined, {
      signal: waiting.signal,
    });
    void child.ended.then(() => waiting.abort());
    await wait.then(
      () => act(child),
      () => {},
    );
    return child.ended;
  }

  #start(args: readonly string[], { env, ...given }: Given): Child {
    return this.machine.start(args, { ...given, env: { ...this.#env, ...env }, group: true });
  }

  /** What it said holds no secret; how long it takes when it is left alone is what the next kill goes by. */
  #heard(ended: Ended): Ended {
    const { command, exit, seconds, stdout, stderr } = ended;
    const [verb = ''] = command.split(' ');
    if (exit === 0) this.#usual.set(verb, seconds);
    this.figures.hold('quiet', command, () => {
      for (const secret of [PASSPHRASE, this.canaries.content, ...hostSecrets(this.machine.state)]) {
        assert.ok(!`${stdout}${stderr}`.includes(secret), `it said ${secret.slice(0, 4)}…:\n${stdout}${stderr}`);
      }
    });
    return ended;
  }

  /** Notes the snapshot of a run, which `key` names. */
  remember(key: string, picture: Picture): TakenSnapshot {
    const bytes = readFileSync(join(this.repository, key));
    const id = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
    const snapshot = { key, id, picture, proven: false };
    this.snapshots.push(snapshot);
    this.figures.snapshots++;
    return snapshot;
  }

  /** Notes the snapshot that a run has just made of the data as it is. */
  note(): void {
    const picture = takePicture(this.machine.data);
    for (const key of this.ledger.look()) if (key.startsWith('snapshots/')) this.remember(key, picture);
  }

  /** Of these nothing is owed any more. */
  forget(isGone: (snapshot: TakenSnapshot) => boolean): void {
    const wanted = this.snapshots.filter((snapshot) => !isGone(snapshot));
    this.figures.forgotten += this.snapshots.filter((snapshot) => isGone(snapshot) && !snapshot.proven).length;
    this.snapshots.splice(0, this.snapshots.length, ...wanted);
  }

  /** Holds when nothing stays of what processes that have ended were lent for a while; said once of each. */
  scratchIsEmpty(after: string): void {
    const folder = join(this.machine.state, 'scratch');
    const left = existsSync(folder) ? readdirSync(folder) : [];
    this.figures.hold('tidy', after, () => assert.deepEqual(left, [], 'something stays in scratch'));
    for (const name of left) rmSync(join(folder, name), { recursive: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.machine[Symbol.asyncDispose]();
  }
}

function dying(env: Record<string, string>, { env: other }: Given): Given {
  return { nodeArgs: ['--import', import.meta.resolve('./dying.ts')], env: { ...other, ...env } };
}

/** The passphrase that was made where none was given. Other secrets of a host are bytes, and no message has bytes. */
function hostSecrets(state: string): string[] {
  const file = join(state, 'recovery-passphrase');
  return existsSync(file) ? [readFileSync(file, 'utf8').trim()].filter((text) => text !== '') : [];
}
