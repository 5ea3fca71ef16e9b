import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Random } from '../../benchmark/random.ts';
import { noise, prose } from '../../kit/samples.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const FILES = 220;
const LARGE = 3;

/** What is looked for afterwards where it must not be. In every text file, and in the names of some. */
export interface Canaries {
  readonly content: string;
  readonly name: string;
}

/**
 * A tree of a few megabytes that changes a little from run to run: text and noise, empty files and larger ones, hard links within and
 * across folders, symbolic links, holes, a FIFO. All of it follows from `random`.
 */
export class ChangingTree {
  readonly #root: string;
  readonly #random: Random;
  readonly #canaries: Canaries;
  readonly #files: string[] = [];
  #made = 0;

  constructor(root: string, random: Random, canaries: Canaries) {
    this.#root = root;
    this.#random = random;
    this.#canaries = canaries;
  }

  grow(): void {
    for (let i = 0; i < FILES; i++) this.#add(this.#random.below(25) === 0 ? 0 : this.#random.skewedBelow(24 * KiB));
    for (let i = 0; i < LARGE; i++) this.#write(`large/${i}`, noise(this.#seed(), MiB + this.#random.below(MiB / 2)));
    this.#write(`${this.#canaries.name}/in a folder`, prose(this.#seed(), 3000));
    const holes = openSync(join(this.#root, 'large/holes'), 'w');
    writeSync(holes, noise(this.#seed(), 9000), 0, 9000, MiB);
    closeSync(holes);
    // Made by another program when it is restored.
    execFileSync('mkfifo', ['-m', '620', join(this.#root, 'fifo')]);
    for (let i = 0; i < 12; i++) this.#link();
    for (let i = 0; i < 8; i++) this.#symlink();
  }

  /** One of the tree as it will be found by the next run: some files come, go, change or move. */
  change(): void {
    const steps = [
      () => this.#add(this.#random.skewedBelow(40 * KiB)),
      () => this.#append(),
      () => this.#rewrite(),
      () => this.#remove(),
      () => this.#move(),
      () => this.#chmod(),
      () => this.#link(),
      () => this.#symlink(),
      () => this.#growLarge(),
    ];
    const count = 4 + this.#random.below(10);
    for (let i = 0; i < count; i++) steps[this.#random.below(steps.length)]?.();
  }

  #add(length: number): void {
    const name = this.#random.below(15) === 0 ? this.#canaries.name : 'file';
    const path = `some/${this.#random.below(12)}/${this.#random.below(4)}/${name} ${this.#made++}`;
    const text = this.#random.below(3) > 0;
    this.#write(path, text ? this.#text(length) : noise(this.#seed(), length));
    this.#files.push(path);
  }

  #text(length: number): Uint8Array {
    return Buffer.concat([Buffer.from(`${this.#canaries.content}\n`), prose(this.#seed(), length)]).subarray(0, length);
  }

  #append(): void {
    appendFileSync(this.#some(), noise(this.#seed(), 1 + this.#random.below(5000)));
  }

  /** The same length again, as a database does it; or fewer bytes. */
  #rewrite(): void {
    const path = this.#some();
    const { size } = lstatSync(path);
    if (this.#random.below(3) === 0) truncateSync(path, Math.floor(size / 2));
    else writeFileSync(path, noise(this.#seed(), size));
  }

  #remove(): void {
    const at = this.#random.below(this.#files.length);
    const [path = ''] = this.#files.splice(at, 1);
    rmSync(join(this.#root, path));
  }

  #move(): void {
    const at = this.#random.below(this.#files.length);
    const from = this.#files[at] ?? '';
    const to = `moved/${this.#random.below(5)}/${this.#made++}`;
    mkdirSync(dirname(join(this.#root, to)), { recursive: true });
    renameSync(join(this.#root, from), join(this.#root, to));
    this.#files[at] = to;
  }

  #chmod(): void {
    chmodSync(this.#some(), [0o600, 0o644, 0o640, 0o755, 0o444][this.#random.below(5)] ?? 0o600);
  }

  #link(): void {
    const path = `links/${this.#random.below(3)}/hard ${this.#made++}`;
    mkdirSync(dirname(join(this.#root, path)), { recursive: true });
    linkSync(this.#some(), join(this.#root, path));
    this.#files.push(path);
  }

  #symlink(): void {
    const path = join(this.#root, `links/symbolic ${this.#made++}`);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(['../some', '/nowhere', '/etc/passwd', '..'][this.#random.below(4)] ?? '..', path);
  }

  #growLarge(): void {
    const path = join(this.#root, `large/${this.#random.below(LARGE)}`);
    const file = openSync(path, 'r+');
    const { size } = lstatSync(path);
    writeSync(file, noise(this.#seed(), 20 * KiB), 0, 20 * KiB, this.#random.below(size));
    closeSync(file);
    if (size < 3 * MiB) appendFileSync(path, noise(this.#seed(), 100 * KiB));
  }

  #write(path: string, bytes: Uint8Array): void {
    const place = join(this.#root, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytes);
  }

  #some(): string {
    return join(this.#root, this.#files[this.#random.below(this.#files.length)] ?? '');
  }

  #seed(): number {
    return this.#random.below(2 ** 31);
  }
}
