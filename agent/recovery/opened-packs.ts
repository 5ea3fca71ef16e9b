import { packKey } from '../repository/layout.ts';
import type { CheckedFrames, PackFrames } from './check-frames.ts';
import { GoodObjects } from './good-objects.ts';
import { eachTarget, type Verification } from './verification.ts';
import { coverageOf, type ToRead } from './verify-budget.ts';

/** The packs that a verification opened what snapshots need of, from whichever target gave it. */
export class OpenedPacks {
  readonly #sizes = new Map<string, number>();
  readonly #keys = new Map<string, string>();
  readonly #bad = new Set<string>();

  add(domain: string, work: readonly PackFrames[], { good }: CheckedFrames): void {
    for (const one of work) {
      const { name } = one.pack;
      this.#keys.set(name, packKey(domain, name));
      this.#sizes.set(name, (this.#sizes.get(name) ?? 0) + sealedBytes(one));
      if (!good.has(name)) this.#bad.add(name);
    }
  }

  /** Says of each target what was opened of the packs that lie there, and remembers it: that it holds the same bytes was read before. */
  async tell(v: Verification): Promise<void> {
    const damaged = new Set(v.findings.map(({ target, object }) => `${target} ${object}`));
    for (const { name: target, alone } of eachTarget(v)) {
      const [listed] = await alone.list('packs/');
      const place = { target, level: 'decrypt' } as const;
      const memory = new GoodObjects(v, place);
      const objects = [...this.#keys].flatMap(([name, key]): ToRead[] =>
        listed?.has(key) ? [{ name, key, size: this.#sizes.get(name) ?? 0 }] : [],
      );
      memory.keepOnly(objects);
      const isBad = ({ name = '', key }: ToRead) => this.#bad.has(name) || damaged.has(`${target} ${key}`);
      memory.tellGood(objects.filter((one) => !isBad(one)).flatMap(({ name = [] }) => name));
      memory.tellBad(objects.filter(isBad).flatMap(({ name = [] }) => name));
      v.coverage.push(coverageOf(place, objects, objects, memory.times));
    }
  }
}

/** How many bytes those frames are, as they lie in their pack. */
export function sealedBytes({ pack, frames }: PackFrames): number {
  return [...frames].reduce((sum, frame) => sum + (pack.table.frames[frame]?.sealedLength ?? 0), 0);
}
