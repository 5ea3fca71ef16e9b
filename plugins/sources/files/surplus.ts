import { type BigIntStats, closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { isUnfinished } from 'holdfast/plugin';
import type { Destination } from './destination.ts';
import { errnoOf } from './failure.ts';
import { HeldFolder } from './held-folder.ts';
import { CACHE_SIGNATURE, CACHE_TAG } from './look-up.ts';
import { isPatternFile, patternsStay } from './pattern-file.ts';
import { childOf, nameOf, parentOf, type RawPath, rawPath, systemPath } from './raw-path.ts';
import { Rules } from './rules.ts';
import type { Spared } from './spared.ts';
import { lookAt } from './standing.ts';

/** Something that is there and not in the snapshot: to be removed, or not to be looked into, and why. */
export type Surplus =
  | { readonly path: RawPath; readonly place: RawPath; readonly stands: BigIntStats }
  | { readonly path: RawPath; readonly error: unknown };

interface Frame {
  readonly path: RawPath;
  readonly names: Set<RawPath>;
  /** By today's files of patterns, and by those of then: what either excludes was not captured. */
  readonly rules: readonly (Rules | undefined)[];
  /** Nothing in it may be removed. */
  readonly shut: boolean;
  /** It lies in a file system that is mounted below what is restored: whether that one was there when it was captured, nobody knows. */
  readonly mounted: boolean;
}

const MOST_PATTERNS = 1 << 20;

/**
 * Finds what stands in the folders of a tree and is not in it, as the tree is gone through in its order. `spared` absent: nothing is
 * looked for.
 */
export class SurplusSearch {
  readonly #destination: Destination;
  readonly #spared: Spared | undefined;
  readonly #frames: Frame[] = [];
  /** How much is not in the snapshot and stays all the same; a folder that is not entered counts as one. */
  stay = 0;

  constructor(destination: Destination, spared: Spared | undefined) {
    this.#destination = destination;
    this.#spared = spared;
  }

  /** Notes the entry that the tree comes to, and returns what is in the folders that it has left behind. */
  *past(path: RawPath): Generator<Surplus> {
    for (const left of this.pass(path)) yield* this.#sweep(left);
  }

  /** The same, where nothing is looked for yet: only what `below` needs is kept. Returns the folders left behind. */
  pass(path: RawPath): readonly Frame[] {
    if (this.#spared === undefined) return [];
    const parent = parentOf(path);
    const isAround = (frame: Frame) =>
      path !== '' && (frame.path === '' || frame.path === parent || parent.startsWith(`${frame.path}/`));
    const left = this.#frames.splice(this.#frames.findLastIndex(isAround) + 1).reverse();
    const top = this.#frames.at(-1);
    if (path !== '' && top?.path === parent) top.names.add(path);
    return left;
  }

  /** What is in the folders that are left when the tree is at its end. */
  *rest(): Generator<Surplus> {
    for (let top = this.#frames.pop(); top !== undefined; top = this.#frames.pop()) yield* this.#sweep(top);
  }

  /** Notes a folder that was found there, and that the tree has. */
  enter(path: RawPath): void {
    if (this.#spared === undefined) return;
    using folder = this.#destination.inside(path);
    const above = this.#above(path);
    const outer = this.#outer(path);
    const own = this.#rulesIn(path, folder.path, outer);
    const inherits = above !== undefined && !this.#spared.roots.includes(path); // the options name a root: it is meant, wherever it lies
    const mounted = inherits && (above.mounted || this.#isMountPoint(path, folder.device));
    // What is in a folder that is left out today is left out, whatever is said in there.
    const shut = own.shut || (inherits && (above.shut || outer.some((rules) => rules?.excludes(path, true))));
    this.#frames.push({ path, names: new Set(), mounted, rules: own.rules, shut });
  }

  /** What is in a folder where the tree has something else, and then the folder itself, when nothing in it stays. */
  *below(path: RawPath, folder: RawPath, stands: BigIntStats): Generator<Surplus> {
    if (this.#spared === undefined) return;
    const outer = this.#outer(path);
    const device = this.#destination.deviceOf(parentOf(path));
    if (!this.#isSpared(path, stands, outer, device)) yield* this.#folder(path, folder, stands, outer);
  }

  #outer(path: RawPath): readonly (Rules | undefined)[] {
    const { roots = [], exclude = [] } = this.#spared ?? {};
    if (roots.includes(path)) {
      const rules = exclude.length === 0 ? undefined : new Rules(path, exclude);
      return [rules, rules];
    }
    return this.#above(path)?.rules ?? [];
  }

  #above(path: RawPath): Frame | undefined {
    const parent = parentOf(path);
    return path === '' ? undefined : this.#frames.findLast((frame) => frame.path === parent);
  }

  #isMountPoint(path: RawPath, device: bigint | undefined): boolean {
    const outside = this.#destination.deviceOf(parentOf(path));
    return this.#spared?.mounts.has(this.#destination.absolute(path)) === true || device !== outside;
  }

  *#sweep({ path, names, rules, shut, mounted }: Frame): Generator<Surplus> {
    if (mounted) this.stay++;
    if (shut || mounted || !this.#spared?.within(path)) return;
    if (this.#spared.excludeCaches && names.has(childOf(path, CACHE_TAG))) return; // it was one then, perhaps
    let held: ReturnType<Destination['inside']> | undefined;
    try {
      held = this.#destination.inside(path);
      for (const name of listed(held.path)) {
        const child = childOf(path, name);
        // What a killed restore left goes by itself, and is shown as that.
        if (!names.has(child) && !isUnfinished(name, held.inode))
          yield* this.#one(child, childOf(held.path, name), rules, held.device, true);
      }
    } catch (error) {
      yield { path, error };
    } finally {
      held?.[Symbol.dispose]();
    }
  }

  /** Returns whether nothing is left of it when all that was found is removed. `amongOthers`: its folder stays, with what it has. */
  *#one(
    path: RawPath,
    place: RawPath,
    rules: readonly (Rules | undefined)[],
    device: bigint | undefined,
    amongOthers: boolean,
  ): Generator<Surplus, boolean> {
    const stands = lookAt(place, path);
    if (stands === undefined) return true;
    if (this.#isSpared(path, stands, rules, device)) {
      this.stay++;
      return false;
    }
    if (stands.isDirectory()) return yield* this.#folder(path, place, stands, rules);
    if (amongOthers && stands.isFile() && this.#saysPatterns(nameOf(path))) {
      yield { path, error: patternsStay(path) };
      return false;
    }
    yield { path, place, stands };
    return true;
  }

  *#folder(
    path: RawPath,
    place: RawPath,
    stands: BigIntStats,
    outer: readonly (Rules | undefined)[],
  ): Generator<Surplus, boolean> {
    const held = HeldFolder.open(place);
    if (held === undefined) return false;
    try {
      if (held.inode !== stands.ino || held.device !== stands.dev) return false;
      const { rules, shut } = this.#rulesIn(path, held.path, outer);
      let empty = true;
      if (shut) this.stay++;
      const names = shut ? [] : listed(held.path);
      // Those that say what stays come last: they go when nothing does.
      const last = names.filter((name) => this.#saysPatterns(name));
      for (const name of [...names.filter((name) => !last.includes(name)), ...last]) {
        const child = this.#one(childOf(path, name), childOf(held.path, name), rules, held.device, !empty);
        if (!(yield* child)) empty = false;
      }
      if (shut || !empty) return false;
    } catch (error) {
      yield { path, error };
      return false;
    } finally {
      held.release();
    }
    yield { path, place, stands };
    return true;
  }

  #saysPatterns(name: RawPath): boolean {
    return this.#spared !== undefined && isPatternFile(name, this.#spared);
  }

  #isSpared(
    path: RawPath,
    stands: BigIntStats,
    rules: readonly (Rules | undefined)[],
    device: bigint | undefined,
  ): boolean {
    const spared = this.#spared;
    if (spared === undefined || !spared.selects(path, stands.isDirectory())) return true;
    if (rules.some((rule) => rule?.excludes(path, stands.isDirectory()))) return true;
    if (spared.mounts.has(this.#destination.absolute(path))) return true;
    if (!stands.isDirectory()) return false;
    return spared.isLeft(stands) || stands.dev !== device;
  }

  #rulesIn(path: RawPath, folder: RawPath, outer: readonly (Rules | undefined)[]): Pick<Frame, 'rules' | 'shut'> {
    const { excludeFiles = [], excludeCaches = false, patternsThen } = this.#spared ?? {};
    let [now, then] = outer;
    let shut = excludeCaches && readStart(childOf(folder, CACHE_TAG), CACHE_SIGNATURE.length) === CACHE_SIGNATURE;
    for (const name of excludeFiles.map(rawPath)) {
      const was = patternsThen?.get(childOf(path, name));
      if (was !== undefined) then = new Rules(path, was, then);
      const is = readStart(childOf(folder, name), MOST_PATTERNS);
      // What cannot be read may exclude anything.
      if (is === 'unreadable') shut = true;
      else if (is !== undefined) now = new Rules(path, Buffer.from(is, 'latin1').toString('utf8'), now);
    }
    return { rules: [now, then], shut };
  }
}

function listed(folder: RawPath): RawPath[] {
  return readdirSync(systemPath(folder), 'latin1').sort(); // by bytes: see RawPath
}

/** How a regular file begins, a character for each byte; undefined where there is none. Never blocks, follows no link. */
function readStart(path: RawPath, length: number): string | 'unreadable' | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let descriptor: number;
  try {
    descriptor = openSync(systemPath(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    return ['ENOENT', 'ELOOP', 'ENXIO'].includes(errnoOf(error)) ? undefined : 'unreadable';
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return undefined;
    const buffer = Buffer.alloc(Math.min(length, stats.size));
    return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, 0)).toString('latin1');
  } catch {
    return 'unreadable';
  } finally {
    closeSync(descriptor);
  }
}
