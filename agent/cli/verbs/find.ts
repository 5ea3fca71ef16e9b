import { type Failure, fail, failureOf } from '../../contract/index.ts';
import {
  type History,
  type Line,
  linesOf,
  openLine,
  searchHistory,
  type Unread,
} from '../../recovery/history-search.ts';
import { Selection } from '../../recovery/selection.ts';
import { SkippedPaths } from '../../recovery/skipped-paths.ts';
import { chooseRange } from '../../recovery/snapshot-range.ts';
import { advised } from '../advice.ts';
import { type BrowseOptions, type Browsing, openBrowsing, tellPassedOver } from '../browsing.ts';
import { EXIT, type Exit, exitOf } from '../exit.ts';
import { type Invocation, quoteWord } from '../invocation.ts';
import { type HistoryListing, JsonHistories, TextHistories } from '../output/histories.ts';
import { exactly, printable } from '../output/printable.ts';
import { renderFailure } from '../output/report.ts';
import { formatCount, formatCounted } from '../output/size.ts';
import { readerWords } from '../restore-command.ts';

export interface FindOptions extends BrowseOptions {
  readonly source?: string;
  /** A snapshot's id, or a time in milliseconds since 1970. */
  readonly from?: number | string;
  readonly to?: number | string;
  /** Of files, by when they were modified: milliseconds since 1970. */
  readonly newer?: number;
  readonly older?: number;
  /** Bytes. */
  readonly larger?: number;
}

/** Says in which snapshots a path is, and where it changed. Exit 3 when some could not be looked into. */
export async function find(invocation: Invocation, patterns: readonly string[], options: FindOptions): Promise<Exit> {
  await using browsing = await openBrowsing(invocation, options);
  const chosen = chooseRange(browsing.listing, browsing.writers, options);
  const problems = await tellPassedOver(invocation.terminal, browsing, options.source);
  return await new Search(invocation, browsing, patterns, options).run(linesOf(chosen), problems);
}

class Search {
  readonly #invocation: Invocation;
  readonly #browsing: Browsing;
  readonly #options: FindOptions;
  readonly #selection: Selection;
  readonly #unread: Unread[] = [];
  #paths = 0;
  #searched = 0;
  /** Of the snapshots that were looked into. */
  #incomplete = 0;
  /** Things that those skipped and do not name. */
  #unnamed = 0;
  #last: { readonly source: string; readonly history: History } | undefined;

  constructor(invocation: Invocation, browsing: Browsing, patterns: readonly string[], options: FindOptions) {
    this.#invocation = invocation;
    this.#browsing = browsing;
    this.#options = options;
    this.#selection = new Selection(patterns);
  }

  async run(lines: readonly Line[], problems: readonly Failure[]): Promise<Exit> {
    const { terminal, signal } = this.#invocation;
    const listing: HistoryListing = terminal.options.json
      ? new JsonHistories(terminal, lines, problems)
      : new TextHistories(terminal, lines.length > 1);
    try {
      for (const line of lines) if (!(await this.#search(line, listing))) return EXIT.ok;
      this.#refuseAll(lines);
    } catch (thrown) {
      const failure = advised(failureOf(thrown, { code: 'FIND_FAILED', origin: 'agent' }));
      listing.end(this.#unread, failure);
      if (signal.aborted) return EXIT.interrupted;
      terminal.error(renderFailure(failure, terminal.paint.message));
      return exitOf(failure);
    }
    listing.end(this.#unread);
    return this.#conclude();
  }

  /** False when nobody reads any more. */
  async #search(line: Line, listing: HistoryListing): Promise<boolean> {
    await using domains = await this.#browsing.unlock();
    const onUnread = (unread: Unread) => void this.#unread.push(unread);
    const snapshots = await openLine(domains, line, onUnread);
    this.#searched += snapshots.length;
    for (const one of snapshots) {
      if (one.snapshot.opened.header.verdict === 'incomplete') this.#incomplete++;
      this.#unnamed += new SkippedPaths(one).unnamed;
    }
    for await (const history of searchHistory(snapshots, this.#selection, onUnread)) {
      if (!this.#isWanted(history)) continue;
      this.#paths++;
      this.#last = { source: line.source, history };
      if (!listing.add(line, history)) return false;
    }
    return true;
  }

  /** Whether one of its versions is what the options ask for. */
  #isWanted({ steps }: History): boolean {
    const { newer, older, larger } = this.#options;
    if (newer === undefined && older === undefined && larger === undefined) return true;
    return steps.some((step) => {
      if (step.state !== 'there') return false;
      const { entry } = step;
      const modified = entry.kind === 'stream' ? undefined : entry.meta.mtimeNs;
      const size = entry.kind === 'stream' || entry.kind === 'file' ? entry.size : undefined;
      if (larger !== undefined && !(size !== undefined && size > larger)) return false;
      if (newer !== undefined && !(modified !== undefined && modified > nanoseconds(newer))) return false;
      return older === undefined || (modified !== undefined && modified < nanoseconds(older));
    });
  }

  /** A key that opens nothing is no search that found nothing. */
  #refuseAll(lines: readonly Line[]): void {
    const [first] = this.#unread;
    if (first !== undefined && this.#searched === 0 && lines.length > 0) fail(first.failure);
  }

  #conclude(): Exit {
    const { terminal } = this.#invocation;
    for (const { snapshots, failure } of merged(this.#unread))
      terminal.warn(
        `not looked into, or not to the end: ${snapshots.map(({ id }) => id).join(', ')}: ${printable(failure.message)} (${failure.code})`,
      );
    const unread = this.#unread.length + this.#browsing.listing.damaged.length > 0;
    const { idle } = this.#selection;
    if (idle.length > 0)
      terminal.warn(
        `nothing in ${formatCounted(this.#searched, 'snapshot')} matches ${idle.map((pattern) => JSON.stringify(pattern)).join(', ')}${this.#incompleteWords()}`,
      );
    if (this.#unnamed > 0)
      terminal.warn(
        `${formatCounted(this.#unnamed, 'thing')} could not be read when snapshots were made, and no snapshot names them: what is marked - may be among those`,
      );
    if (this.#selection.isIdle && !unread) return EXIT.usage;
    this.#next();
    return unread || idle.length > 0 ? EXIT.incomplete : EXIT.ok;
  }

  /** What was skipped may match as well. */
  #incompleteWords(): string {
    if (this.#incomplete === 0) return '';
    const many = this.#incomplete === 1 ? '1 of them is' : `${formatCount(this.#incomplete)} of them are`;
    return `; ${many} incomplete: what could not be read when it was made is not in it`;
  }

  #next(): void {
    const { terminal, command } = this.#invocation;
    const found = `${formatCounted(this.#paths, 'path')} in ${formatCounted(this.#searched, 'snapshot')}.`;
    const [path, there] = [this.#last?.history.path, lastPresent(this.#last?.history)];
    const one = this.#paths === 1 && path !== undefined && there !== undefined;
    const words = one && [
      quoteWord(this.#last?.source ?? ''),
      '--into ./restored --at',
      there,
      quoteWord(exactly(path)),
    ];
    terminal.message(
      `\n${found}${words ? ` Next: ${command(`restore ${words.join(' ')}${readerWords(this.#options)}`)}` : ''}`,
    );
  }
}

/** The last snapshot that has it. */
function lastPresent(history: History | undefined): string | undefined {
  return history?.steps.findLast((step) => step.state === 'there')?.snapshots.at(-1)?.snapshot.id;
}

function nanoseconds(ms: number): bigint {
  return BigInt(Math.round(ms)) * 1_000_000n;
}

/** Those that fail for the same reason together. */
function merged(unread: readonly Unread[]): Unread[] {
  const reasons = Map.groupBy(unread, ({ failure }) => `${failure.code} ${failure.message}`);
  return Array.from(reasons.values(), (same) => ({
    failure: (same[0] as Unread).failure,
    snapshots: [...new Set(same.flatMap(({ snapshots }) => snapshots))],
  }));
}
