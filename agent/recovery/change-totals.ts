import type { Change } from '../contract/index.ts';

/** How many changes of each kind a restore would make; `bytes` of the files that would be written. */
export type ChangeTotals = Readonly<Record<Change['action'] | 'bytes', number>> & {
  /** Of those that are given attributes: how many are folders. */
  readonly folders: number;
  /** Of the files that are replaced: how many have names elsewhere, which keep what they have. */
  readonly namedElsewhere: number;
};

/** Adds up changes as they are told. */
export class ChangeCount {
  readonly #counts = {
    make: 0,
    content: 0,
    attributes: 0,
    links: 0,
    kind: 0,
    remove: 0,
    bytes: 0,
    folders: 0,
    namedElsewhere: 0,
  };

  add({ action, kind, size = 0, otherNames = 0 }: Change): void {
    this.#counts[action]++;
    if (action === 'attributes' && kind === 'directory') this.#counts.folders++;
    if (action !== 'attributes' && action !== 'remove') this.#counts.bytes += size;
    if (otherNames > 0) this.#counts.namedElsewhere++;
  }

  get totals(): ChangeTotals {
    return { ...this.#counts };
  }
}

/**
 * How much of what is there would be another, or gone. Mode and time of a folder do not count: a restore that goes on after it was
 * broken off sets them, and nothing that anybody wrote is lost.
 */
export function overwritten({ content, attributes, folders, links, kind, remove }: ChangeTotals): number {
  return content + attributes - folders + links + kind + remove;
}
