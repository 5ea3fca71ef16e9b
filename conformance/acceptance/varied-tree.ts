import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  ftruncateSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Random } from '../benchmark/random.ts';
import { noise } from '../kit/samples.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const NOISE_BYTES = 16 * MiB;
const asRoot = process.getuid?.() === 0;

/** Seconds since 1970 that programs get wrong: before it, at it, with fractions, after 32 bits, far ahead. */
const times = [-2_000_000_000, -1.5, 0, 1, 946_684_799.123456, 1_234_567_890.987654, 2_147_483_648, 4_102_444_800];

/** Modes of files; what their owner may not read only root can back up. */
const modes = [0o644, 0o600, 0o400, 0o755, 0o777, 0o640, 0o4755, 0o2755, 0o6711, 0o1644, ...(asRoot ? [0, 0o111] : [])];
const folderModes = [0o755, 0o700, 0o777, 0o1777, 0o2775, 0o555, 0o500];

const names: readonly Buffer[] = [
  ...[' ', ' leading', 'trailing ', 'a b', 'new\nline', 'tab\t', "quote'", 'double"', 'back\\slash', 'star*', 'who?'],
  ...['[a-z]', '{a,b}', '!not', '#comment', '~', '~home', '-rf', '--delete', '...', '.hidden', '$HOME', '`id`', '%s'],
  ...['é', 'e\u0301', '日本語', '🗄️', '\u202eright to left', '\x1b[31mred', '\x7f', 'CON', 'x'.repeat(255)],
].map((name) => Buffer.from(name));
const notUtf8 = [[0xff, 0xfe], [0x80], [0xc3, 0x28], [0x61, 0xe9, 0x62], [0xed, 0xa0, 0x80]].map((bytes) =>
  Buffer.from(bytes),
);

export interface TreeFigures {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Makes a tree below `root` of everything a file system can hold that a backup owes its user: the same for the same seed, but
 * for what only root can make. `smallFiles` is how many small ones there are; everything else comes on top.
 */
export function makeVariedTree(root: string, { seed, smallFiles }: { seed: number; smallFiles: number }): TreeFigures {
  const tree = new VariedTree(root, seed);
  tree.crowd(smallFiles);
  tree.larger();
  tree.depth();
  tree.odd();
  tree.links();
  tree.attributes();
  return { files: tree.files, bytes: tree.bytes };
}

class VariedTree {
  readonly #root: string;
  readonly #random: Random;
  readonly #noise: Buffer;
  readonly #text: Buffer;
  readonly #small: string[] = [];
  files = 0;
  bytes = 0;

  constructor(root: string, seed: number) {
    this.#root = root;
    this.#random = new Random(seed);
    this.#noise = Buffer.from(noise(seed, NOISE_BYTES));
    this.#text = Buffer.from(this.#noise.subarray(0, NOISE_BYTES / 2).toString('hex'));
    mkdirSync(root, { recursive: true });
  }

  /** Small files in many folders, one in fifty empty, most of them text. */
  crowd(count: number): void {
    for (let i = 0; i < count; i++) {
      const path = `crowd/${i % 40}/${i % 280}/file ${i}`;
      this.#file(path, this.#random.below(50) === 0 ? 0 : 1 + this.#random.skewedBelow(12 * KiB));
      this.#small.push(path);
    }
  }

  larger(): void {
    for (let i = 0; i < 600; i++) this.#file(`medium/${i % 7}/${i}`, 16 * KiB + this.#random.below(240 * KiB));
    for (let i = 0; i < 10; i++) this.#file(`large/${i}`, 2 * MiB + this.#random.below(6 * MiB));
    const holes = openSync(this.#at('large/with holes'), 'w');
    writeSync(holes, this.#noise, 0, 5000, 3 * MiB + 17);
    writeSync(holes, this.#noise, 0, 1, 40 * MiB);
    ftruncateSync(holes, 48 * MiB + 1);
    closeSync(holes);
    this.files += 1;
    this.bytes += 48 * MiB + 1;
  }

  depth(): void {
    const deep = `deep/${'d/'.repeat(150)}`;
    this.#file(`${deep}bottom`, 100);
    for (let i = 0; i < 60; i++) mkdirSync(this.#at(`empty/${i}`), { recursive: true });
  }

  odd(): void {
    for (const name of [...names, ...notUtf8]) {
      const folder = Buffer.concat([Buffer.from(this.#at('odd/in-')), name.subarray(0, 200)]);
      mkdirSync(folder, { recursive: true });
      const file = Buffer.concat([Buffer.from(this.#at('odd/')), name]);
      writeFileSync(file, name);
      writeFileSync(Buffer.concat([folder, Buffer.from('/'), name]), '');
      symlinkSync(name, Buffer.concat([folder, Buffer.from('/link')]));
      this.files += 2;
      this.bytes += name.length;
    }
    execFileSync('mkfifo', ['-m', '620', this.#at('odd/fifo')]);
  }

  /** Symbolic links to what is there, what is not, and out of the tree; hard links across folders. */
  links(): void {
    mkdirSync(this.#at('links/symbolic'), { recursive: true });
    const targets = ['../../crowd', '/nowhere', '../../../out', '.', 'self', '/etc/passwd', 'x'.repeat(1000)];
    targets.forEach((target, i) => {
      symlinkSync(target, this.#at(`links/symbolic/${i}`));
    });
    symlinkSync('self', this.#at('links/symbolic/self'));
    symlinkSync(Buffer.from([0xff, 0x2f, 0x0a]), this.#at('links/symbolic/bytes'));
    for (let i = 0; i < 7; i++) lutimesSync(this.#at(`links/symbolic/${i}`), times[i] ?? 0, times[i] ?? 0);
    for (let i = 0; i < 300; i++) {
      const original = this.#small[this.#random.below(this.#small.length)] ?? '';
      const folder = this.#at(`links/hard/${i % 11}`);
      mkdirSync(folder, { recursive: true });
      linkSync(this.#at(original), join(folder, `${i}`));
      if (i % 3 === 0) linkSync(this.#at(original), join(this.#root, 'crowd', `0 before ${i}`));
    }
  }

  /** Modes, owners and times, on files and then on folders, the deepest first. */
  attributes(): void {
    for (let i = 0; i < 2000; i++) {
      const path = this.#at(this.#small[this.#random.below(this.#small.length)] ?? '');
      if (asRoot && i % 4 === 0) chownSync(path, this.#random.below(70_000), this.#random.below(70_000));
      chmodSync(path, modes[i % modes.length] ?? 0o644);
      this.#setTime(path, i);
    }
    for (let i = 0; i < 60; i++) {
      const path = this.#at(`empty/${i}`);
      if (asRoot && i % 4 === 0) chownSync(path, i, 1000 + i);
      chmodSync(path, folderModes[i % folderModes.length] ?? 0o755);
      this.#setTime(path, i);
    }
    for (const path of ['crowd/3/3', 'crowd/3', 'medium', 'odd', 'links/hard', 'links', 'empty']) {
      chmodSync(this.#at(path), path === 'medium' ? 0o555 : 0o750);
      this.#setTime(this.#at(path), path.length);
    }
  }

  #setTime(path: string, i: number): void {
    const time = times[i % times.length] ?? 0;
    // A negative number would become now; a Date does not.
    const given = time < 0 ? new Date(time * 1000) : time;
    utimesSync(path, given, given);
  }

  #file(path: string, length: number): void {
    const pool = this.#random.below(4) === 0 ? this.#noise : this.#text;
    const at = this.#random.below(pool.length - length);
    const full = this.#at(path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, pool.subarray(at, at + length));
    this.files += 1;
    this.bytes += length;
  }

  #at(path: string): string {
    return join(this.#root, path);
  }
}
