import { choosePaint, type Paint } from './paint.ts';
import { type Advance, ProgressLine } from './progress.ts';

export interface TerminalOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** False after `--no-color`. */
  readonly color: boolean;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** The two streams of a command line: data goes to stdout; messages, warnings and progress go to stderr. */
export class Terminal {
  readonly options: TerminalOptions;
  /** Colours for stdout, and for stderr. */
  readonly paint: { readonly data: Paint; readonly message: Paint };
  readonly #stdout: Stream;
  readonly #stderr: Stream;
  readonly #progress: ProgressLine | undefined;
  #readerLeft = false;
  #hasData = false;

  constructor(o: { stdout: Stream; stderr: Stream; env: NodeJS.ProcessEnv; options: TerminalOptions }) {
    this.options = o.options;
    this.#stdout = o.stdout;
    this.#stderr = o.stderr;
    const choose = (stream: Stream) =>
      choosePaint({ isTTY: stream.isTTY === true, env: o.env, wanted: o.options.color });
    this.paint = { data: choose(o.stdout), message: choose(o.stderr) };
    const animated = o.stderr.isTTY === true && o.env['TERM'] !== 'dumb' && !o.options.json && !o.options.quiet;
    this.#progress = animated ? new ProgressLine(o.stderr) : undefined;
    o.stdout.on('error', (error) => this.#onStdoutError(error));
    o.stderr.on('error', () => {});
  }

  /** Whether a person sees what is written to stdout. */
  get showsData(): boolean {
    return this.#stdout.isTTY === true;
  }

  /** Whether something was written to stdout. */
  get hasData(): boolean {
    return this.#hasData;
  }

  /** Writes data. False when nobody reads any more (`holdfast ls | head`): long outputs stop there, and a run goes on. */
  data(text: string): boolean {
    this.#hasData = true;
    if (this.#readerLeft) return false;
    this.#progress?.clear();
    this.#stdout.write(text);
    return true;
  }

  /** What became of the work, as data: of what went well not with `--quiet`. */
  report(text: string, well: boolean): void {
    if (!well || !this.options.quiet) this.data(text);
  }

  /** Writes the one JSON document of `--json`. */
  json(document: unknown): void {
    this.data(`${encodeJson(document, 2)}\n`);
  }

  /** Something to know; not with `--quiet`. */
  message(text: string): void {
    if (!this.options.quiet) this.#write(text);
  }

  /** Something to act on; always shown. */
  warn(text: string): void {
    this.#write(`${this.paint.message('yellow', '!')} ${text}`);
  }

  /** Only with `--verbose`. */
  detail(text: string): void {
    if (this.options.verbose && !this.options.quiet) this.#write(this.paint.message('dim', text));
  }

  /** An error as `report.ts` wrote it. */
  error(text: string): void {
    this.#write(text);
  }

  progress(advance: Advance): void {
    this.#progress?.show(advance);
  }

  clearProgress(): void {
    this.#progress?.clear();
  }

  #write(text: string): void {
    this.#progress?.clear();
    this.#stderr.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  #onStdoutError(error: NodeJS.ErrnoException): void {
    if (error.code !== 'EPIPE') throw error;
    this.#readerLeft = true;
  }
}

// JSON leaves as they are: DEL and C1, which drive terminals; what reorders text; `##[`, a command in a log of GitHub Actions.
const ACTIVE = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|#(?=#\[)/gu;

/** `document` as JSON that drives no terminal and no log. */
export function encodeJson(document: unknown, indent?: number): string {
  return JSON.stringify(document, jsonValue, indent).replace(ACTIVE, escaped);
}

/** All of them can stand in strings only, where this means the same (RFC 8259, 7). */
function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
}

// Bigints are times in nanoseconds and inode numbers: text, because a JSON number would lose digits.
function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}
