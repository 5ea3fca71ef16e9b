import { type FrameSource, REF_BYTES } from './frame-source.ts';

/**
 * What is held at a time for one request to a worker, in bytes: sealed frames and their plaintexts. A frame that is larger is held
 * alone. Without this, a list of a thousand chunks of one byte, each in a frame of its own, would hold a thousand frames.
 */
export const HELD_BYTES = 32 * 1024 * 1024;

/** Adds up what reading chunks holds: each frame that they lie in once, whole. */
export class FrameLoad {
  readonly #frames: Pick<FrameSource, 'weightOf'>;
  readonly #counted = new Set<string>();
  #bytes = 0;

  constructor(frames: Pick<FrameSource, 'weightOf'>) {
    this.#frames = frames;
  }

  /** Adds the chunk at `refs[at]`; false, and nothing added, when that would be more than may be held with what is there. */
  add(refs: Uint8Array, at: number): boolean {
    const weight = this.#frames.weightOf(refs, at);
    if (weight === undefined || this.#counted.has(weight.frame)) return true;
    if (this.#bytes > 0 && this.#bytes + weight.bytes > HELD_BYTES) return false;
    this.#counted.add(weight.frame);
    this.#bytes += weight.bytes;
    return true;
  }

  /** The plaintext of the frame that the chunk at `refs[at]` lies in, in bytes; 0 when that frame is counted already. */
  newAt(refs: Uint8Array, at: number): number {
    const weight = this.#frames.weightOf(refs, at);
    return weight === undefined || this.#counted.has(weight.frame) ? 0 : weight.plain;
  }

  /** As `add`, for all chunks of a list; what fits is added. */
  addAll(refs: Uint8Array): boolean {
    let fits = true;
    for (let at = 0; at < refs.length; at += REF_BYTES) fits = this.add(refs, at) && fits;
    return fits;
  }

  clear(): void {
    this.#counted.clear();
    this.#bytes = 0;
  }
}
