import type { Failure } from '../../contract/index.ts';
import type { History, Line, Unread } from '../../recovery/history-search.ts';
import type { HistoryEntry, Step } from '../../recovery/path-history.ts';
import type { StoredSnapshot } from '../../repository/snapshots.ts';
import { snapshotJson } from '../browsing.ts';
import { whatJson } from './difference-json.ts';
import { aspectLetters, NOTHING } from './difference-text.ts';
import { formatTime } from './duration.ts';
import { entryJson, namedJson } from './entry-json.ts';
import { sizeOf, timeOf } from './entry-text.ts';
import { JsonStream } from './json-stream.ts';
import type { Paint, Tone } from './paint.ts';
import { printable, printablePath } from './printable.ts';
import { formatCount, formatCounted, formatSize } from './size.ts';
import type { Terminal } from './terminal.ts';

export interface HistoryListing {
  /** False when nobody reads any more. */
  add(line: Line, history: History): boolean;
  /** With what could not be looked into, and the failure that broke it off, if one did. */
  end(unread: readonly Unread[], failure?: Failure): void;
}

/** A path, and a line below it for each snapshot where it changed. */
export class TextHistories implements HistoryListing {
  readonly #terminal: Terminal;
  readonly #several: boolean;
  #line: Line | undefined;

  /** `several`: there is more than one source or host, so that it is said whose what follows is. */
  constructor(terminal: Terminal, several: boolean) {
    this.#terminal = terminal;
    this.#several = several;
  }

  add(line: Line, history: History): boolean {
    const paint = this.#terminal.paint.data;
    const whose = this.#several && this.#line !== line ? `${renderLine(line, paint)}\n` : '';
    this.#line = line;
    const rows = history.steps.map((_, at) => `${renderStep(history.steps, at, paint)}\n`);
    return this.#terminal.data(`${whose}${paint('bold', nameOf(history))}\n${rows.join('')}`);
  }

  end(): void {}
}

function renderLine({ source, host, snapshots }: Line, paint: Paint): string {
  return paint(
    'dim',
    `— source ${printable(source)}, host ${printable(host)}, ${formatCounted(snapshots.length, 'snapshot')}`,
  );
}

/** That of a folder ends in `/`: by what it was last. */
function nameOf({ part, path, steps }: History): string {
  if (path === undefined) return `${printable(part)} (stream)`;
  if (path.length === 0) return './';
  const last = steps.findLast((step) => step.state === 'there');
  return `${printablePath(path)}${last?.entry.kind === 'directory' ? '/' : ''}`;
}

const TONES: Readonly<Record<string, Tone>> = { '+': 'green', '-': 'red', M: 'yellow', T: 'yellow', '?': 'yellow' };

function renderStep(steps: readonly Step[], at: number, paint: Paint): string {
  const step = steps[at] as Step;
  const { id, opened } = (step.snapshots[0] as Step['snapshots'][number]).snapshot;
  const mark = markOf(steps, at);
  const letters = step.state === 'there' && step.difference !== undefined ? aspectLetters(step.difference) : NOTHING;
  const finished = formatTime(new Date(opened.header.finished));
  const head = `  ${paint(TONES[mark] ?? 'dim', `${mark} ${letters}`)}  ${paint('cyan', id)}  ${finished}`;
  return `${head}  ${wordsOf(steps, at)}`;
}

/** `+ - M T` as `diff` has them; `?` where it could not be read, now or when the snapshot was made, `=` where it is the same again after that. */
function markOf(steps: readonly Step[], at: number): string {
  const step = steps[at];
  if (step?.state !== 'there') return step?.state === 'absent' ? '-' : '?';
  const before = steps[at - 1];
  // Nobody knows what was there before the first that could be read.
  if (before?.state !== 'there' && !steps.slice(0, at).some(({ state }) => state === 'there')) return '+';
  if (before?.state === 'absent') return '+';
  if (step.difference === undefined) return '=';
  return step.difference.aspects.includes('kind') ? 'T' : 'M';
}

function wordsOf(steps: readonly Step[], at: number): string {
  const step = steps[at] as Step;
  if (step.state === 'there') {
    const [size, modified] = figuresOf(step.entry);
    const many = `×${formatCount(step.snapshots.length)}`;
    return `${size.padStart(9)}  ${modified}  ${many}`;
  }
  if (step.state === 'unread') return 'could not be read';
  if (step.state === 'skipped') return 'was skipped: could not be read when the snapshot was made';
  const last = steps[at - 1]?.snapshots.at(-1)?.snapshot.id;
  const incomplete = step.snapshots[0]?.snapshot.opened.header.verdict === 'incomplete';
  return `${last === undefined ? '' : `last in ${last}`}${incomplete ? '; is incomplete' : ''}`;
}

function figuresOf(entry: HistoryEntry): readonly [size: string, modified: string] {
  if (entry.kind === 'stream') return [formatSize(entry.size), ' '.repeat(19)];
  return [sizeOf(entry), timeOf(entry.meta)];
}

export class JsonHistories implements HistoryListing {
  readonly #stream: JsonStream;

  constructor(terminal: Terminal, lines: readonly Line[], problems: readonly Failure[]) {
    const snapshots = lines.flatMap((line) => line.snapshots.map(snapshotJson));
    this.#stream = new JsonStream(terminal, { snapshots, problems }, 'paths');
  }

  add({ source, host }: Line, { part, path, steps }: History): boolean {
    const versions = steps.map((step, at) => ({ ...stepJson(step, markOf(steps, at)), snapshots: idsOf(step) }));
    return this.#stream.add({ source, host, part, ...(path === undefined ? {} : namedJson('path', path)), versions });
  }

  end(unread: readonly Unread[], failure?: Failure): void {
    const named = unread.map(({ snapshots, failure: why }) => ({ snapshots: snapshots.map(idOf), failure: why }));
    this.#stream.end({ unread: named }, failure);
  }
}

const CHANGES: Readonly<Record<string, string>> = { '+': 'added', '-': 'removed', '?': 'unread', '=': 'same' };

function stepJson(step: Step, mark: string): object {
  const change = CHANGES[mark] ?? 'changed';
  if (step.state !== 'there') return { change: step.state === 'skipped' ? 'unknown' : change };
  const { entry, difference } = step;
  const what = change === 'changed' && difference ? whatJson(difference.aspects, difference.contentUnknown) : {};
  return { change, ...what, ...(entry.kind === 'stream' ? { kind: entry.kind, size: entry.size } : entryJson(entry)) };
}

function idsOf({ snapshots }: Step): string[] {
  return snapshots.map(({ snapshot }) => idOf(snapshot));
}

function idOf({ id }: StoredSnapshot): string {
  return id;
}
