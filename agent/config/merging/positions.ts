import path from 'node:path';
import type { Path, Place, Positions } from '../diagnostic.ts';
import { type Origin, originOfPart } from './layer.ts';

/** Answers for a merged policy with the file each of its values was written in. */
export class MergedPositions implements Positions {
  readonly #root: Origin;
  readonly #file: string;

  /** `file` is the one the policy begins with: what stands in it needs no explanation. */
  constructor(root: Origin, file: string) {
    this.#root = root;
    this.#file = file;
  }

  keyAt(at: Path): Place {
    const { document, path: written } = this.#find(at);
    return document.keyAt(written);
  }

  valueAt(at: Path): Place {
    const { document, path: written } = this.#find(at);
    return document.valueAt(written);
  }

  isUnknown(at: Path): boolean {
    const { document, path: written } = this.#find(at);
    return document.isUnknown(written);
  }

  originOf(at: Path): string | undefined {
    const { document, via } = this.#find(at);
    if (via !== undefined) return via;
    return document.file === this.#file
      ? undefined
      : `from ${path.basename(document.file)}, which is part of the policy`;
  }

  #find(at: Path): Origin {
    let origin = this.#root;
    for (const step of at) origin = originOfPart(origin, step);
    return origin;
  }
}
