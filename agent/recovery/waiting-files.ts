/** Files that wait to be written, by where their content lies, so that those of one frame are written together. */
export class WaitingFiles<File> {
  readonly #byFrame = new Map<string, File[]>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** `frame`: of the first of their content. */
  add(frame: string, file: File): void {
    const files = this.#byFrame.get(frame);
    if (files === undefined) this.#byFrame.set(frame, [file]);
    else files.push(file);
    this.#count++;
  }

  /**
   * Takes away at least so many, if there are, and those of a frame together: of the frames with the most of them, so that one that lies with
   * few others waits until there are more.
   */
  take(atLeast: number): File[] {
    const taken: File[] = [];
    const fullest = [...this.#byFrame].sort(([, a], [, b]) => b.length - a.length);
    for (const [frame, files] of fullest) {
      if (taken.length >= atLeast) break;
      this.#byFrame.delete(frame);
      for (const file of files) taken.push(file);
    }
    this.#count -= taken.length;
    return taken;
  }
}
