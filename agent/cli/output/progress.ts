import { formatDuration } from './duration.ts';
import { formatSize } from './size.ts';
import { fitWidth } from './width.ts';

/** How far something has come. All sizes in bytes; `total` absent: nobody knows yet. */
export interface Advance {
  readonly label: string;
  readonly done: number;
  readonly total?: number;
  /** What else to say, most important first: what does not fit on the line is left out from the end. */
  readonly notes?: readonly string[];
}

interface ProgressStream {
  readonly columns?: number;
  write(text: string): unknown;
}

const REDRAW_MS = 100;
// The rate is that of the last seconds, not of the whole run: after a slow start the ETA must recover.
const RATE_WINDOW_MS = 5000;
const NARROWEST = 20;

/** One line at the bottom of a terminal that is drawn over itself, at most ten times a second. */
export class ProgressLine {
  readonly #stream: ProgressStream;
  readonly #now: () => number;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #visible = false;
  #label = '';
  #samples: { at: number; done: number }[] = [];

  constructor(stream: ProgressStream, now: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#now = now;
  }

  show(advance: Advance): void {
    const now = this.#now();
    if (advance.label !== this.#label) this.#restart(advance.label);
    if (now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#sample(now, advance.done);
    const columns = (this.#stream.columns ?? 80) - 1;
    if (columns < NARROWEST) return;
    this.#stream.write(`\r${joinFitting(this.#fields(advance), columns)}\x1b[K`);
    this.#visible = true;
  }

  /** Takes the line away, so that something else can be written. The next `show` draws it anew. */
  clear(): void {
    if (!this.#visible) return;
    this.#stream.write('\r\x1b[K');
    this.#visible = false;
    this.#drawnAt = Number.NEGATIVE_INFINITY;
  }

  #restart(label: string): void {
    this.#label = label;
    this.#samples = [];
    this.#drawnAt = Number.NEGATIVE_INFINITY;
  }

  #sample(at: number, done: number): void {
    this.#samples.push({ at, done });
    while (this.#samples.length > 2 && at - (this.#samples[0]?.at ?? at) > RATE_WINDOW_MS) this.#samples.shift();
  }

  /** Bytes a millisecond over the window; 0 while it cannot be told. */
  #rate(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < 2 * REDRAW_MS) return 0;
    return Math.max(0, last.done - first.done) / (last.at - first.at);
  }

  #fields({ label, done, total, notes = [] }: Advance): string[] {
    const rate = this.#rate();
    const fields = [label];
    if (total !== undefined && total > 0) fields.push(`${Math.min(100, Math.floor((done / total) * 100))} %`);
    fields.push(total === undefined ? formatSize(done) : `${formatSize(done)} of ${formatSize(total)}`);
    if (rate > 0) fields.push(`${formatSize(rate * 1000)}/s`);
    if (rate > 0 && total !== undefined && total > done) fields.push(`${formatDuration((total - done) / rate)} left`);
    return [...fields, ...notes];
  }
}

function joinFitting(fields: readonly string[], columns: number): string {
  let line = '';
  for (const field of fields) {
    const longer = line === '' ? field : `${line}  ${field}`;
    const fitted = fitWidth(longer, columns);
    if (fitted !== longer) return line === '' ? fitted : line;
    line = longer;
  }
  return line;
}
