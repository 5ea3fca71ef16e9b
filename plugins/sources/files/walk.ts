import { setImmediate } from 'node:timers/promises';
import type { Failure } from 'holdfast/plugin';
import { diskReader, type FolderReader } from './folder-reader.ts';
import { type Choices, LookUp } from './look-up.ts';
import { printable } from './raw-path.ts';
import type { Selection } from './roots.ts';
import type { Found, Step } from './step.ts';

export interface WalkOptions extends Choices {
  readonly selection: Selection;
  readonly parallel: number;
  readonly signal: AbortSignal;
  readonly reader?: FolderReader;
  skip(what: string, failure: Failure): void;
}

// How far the look-ups may be ahead of whoever consumes the walk: entries with their properties, and bare names.
const AHEAD = 4096;
const NAMES_AHEAD = 65_536;

/** The tree is a chain of steps; each is looked up, up to `parallel` at once and the nearest first, and replaced. */
interface Link {
  readonly step: Step;
  running: boolean;
  next: Link | undefined;
}

/**
 * Walks a tree in tree order. What could not be read is handed to `skip` where it would have come; the walk itself fails
 * only when the root is gone. No symbolic link is followed and no stack grows with the depth of the tree.
 */
export class Walk implements AsyncIterable<Found> {
  readonly #options: WalkOptions;
  readonly #lookUp: LookUp;
  #head: Link | undefined;
  #running = 0;
  #ahead = 0;
  #namesAhead = 0;
  #stopped = false;
  #broken: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#lookUp = new LookUp(options.reader ?? diskReader(), options);
  }

  /** How many entries were left out so far; a folder counts as one. */
  get excluded(): number {
    return this.#lookUp.excluded;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Found> {
    const { signal, selection } = this.#options;
    const onAbort = () => this.#wake();
    signal.addEventListener('abort', onAbort);
    try {
      signal.throwIfAborted();
      const steps = await this.#lookUp.root(selection.base, selection.branch);
      this.#count(steps, 1);
      this.#head = chain(steps, undefined);
      while (this.#head !== undefined) {
        const { step, next } = this.#head;
        if (step.kind !== 'known') {
          await this.#settled();
          continue;
        }
        this.#head = next;
        this.#ahead -= step.entries.length;
        this.#startMore();
        for (const entry of step.entries) {
          signal.throwIfAborted();
          if ('failure' in entry) this.#options.skip(printable(entry.path), entry.failure);
          else yield entry;
        }
      }
    } finally {
      this.#stopped = true;
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Waits until some look-up has ended. */
  async #settled(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#startMore();
    await promise;
    this.#options.signal.throwIfAborted();
    if (this.#broken !== undefined) throw this.#broken.error;
  }

  #startMore(): void {
    let link = this.#head;
    while (link !== undefined && this.#running < this.#options.parallel && !this.#stopped) {
      if (link.step.kind !== 'known' && !link.running) {
        if (link !== this.#head && !this.#mayLookAhead(link.step)) return;
        link.running = true;
        this.#running++;
        void this.#replace(link);
      }
      link = link.next;
    }
  }

  // The head is always looked up: whoever consumes is waiting for it.
  #mayLookAhead(step: Step): boolean {
    return this.#ahead < AHEAD && (step.kind === 'segment' || this.#namesAhead < NAMES_AHEAD);
  }

  async #replace(link: Link): Promise<void> {
    try {
      const steps = await this.#lookedUp(link.step);
      this.#count(steps, 1);
      if (link.step.kind === 'segment') this.#count([link.step], -1);
      // The link may be the head or have any number of others before it: it becomes the first of its replacements.
      Object.assign(link, chain(steps.length === 0 ? [nothing] : steps, link.next));
    } catch (error) {
      this.#broken = { error };
    }
    this.#running--;
    this.#wake();
    this.#startMore();
  }

  async #lookedUp(step: Step): Promise<Step[]> {
    if (step.kind === 'known') return [step];
    if (step.kind === 'folder') return this.#lookUp.folder(step.folder);
    await setImmediate(); // nothing in a segment need wait for anything, and others must have their turn
    return this.#lookUp.segment(step.segment);
  }

  #count(steps: readonly Step[], sign: 1 | -1): void {
    for (const step of steps) {
      if (step.kind === 'known') this.#ahead += sign * step.entries.length;
      if (step.kind === 'segment') this.#namesAhead += sign * (step.segment.to - step.segment.from);
    }
  }
}

function chain(steps: readonly Step[], last: Link | undefined): Link | undefined {
  return steps.reduceRight<Link | undefined>((next, step) => ({ step, running: false, next }), last);
}

const nothing: Step = { kind: 'known', entries: [] };
