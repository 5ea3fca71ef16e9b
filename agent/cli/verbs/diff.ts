import { type Failure, failureOf } from '../../contract/index.ts';
import { ContentComparison } from '../../recovery/content-comparison.ts';
import { DifferenceTotals } from '../../recovery/difference-totals.ts';
import { Selection } from '../../recovery/selection.ts';
import { SkippedPaths } from '../../recovery/skipped-paths.ts';
import { compareSnapshots, mistyped, type SnapshotChange } from '../../recovery/snapshot-difference.ts';
import { choosePair, isPoint, PREVIOUS } from '../../recovery/snapshot-pair.ts';
import type { ReadableSnapshot, UnlockedDomains } from '../../recovery/unlocked-domains.ts';
import { countEntries } from '../../repository/snapshot-header.ts';
import { advised } from '../advice.ts';
import { type BrowseOptions, openBrowsing, snapshotJson, tellPassedOver, warnIncomplete } from '../browsing.ts';
import { EXIT, type Exit, exitOf } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { differenceJson } from '../output/difference-json.ts';
import { changeLine, renderPair, renderTotals } from '../output/difference-text.ts';
import { JsonStream } from '../output/json-stream.ts';
import { renderFailure } from '../output/report.ts';

export interface DiffOptions extends BrowseOptions {
  readonly content?: boolean;
}

/** Says what is other in one snapshot of a source than in an earlier one. Exit 0 whether anything is or not. */
export async function diff(
  invocation: Invocation,
  source: string,
  words: readonly string[],
  options: DiffOptions,
): Promise<Exit> {
  const { points, patterns } = divide(words);
  const [from = PREVIOUS, to = 'latest'] = points;
  await using browsing = await openBrowsing(invocation, options);
  const { listing, writers, writer } = browsing;
  const pair = choosePair(listing, { source, from, to, writers, writer });
  const problems = await tellPassedOver(invocation.terminal, browsing, source);
  await using domains = await browsing.unlock();
  const before = await domains.open(pair.before);
  const after = await domains.open(pair.after);
  const read = options.content === true;
  return await new Comparison(invocation, { before, after, patterns, read, domains, problems }).run();
}

/** Snapshots come first, two at most; all other words are paths and patterns. */
function divide(words: readonly string[]): {
  readonly points: readonly string[];
  readonly patterns: readonly string[];
} {
  const other = words.findIndex((word) => !isPoint(word));
  const count = Math.min(2, other < 0 ? words.length : other);
  return { points: words.slice(0, count), patterns: words.slice(count) };
}

interface Compared {
  readonly before: ReadableSnapshot;
  readonly after: ReadableSnapshot;
  readonly patterns: readonly string[];
  readonly read: boolean;
  readonly domains: UnlockedDomains;
  readonly problems: readonly Failure[];
}

class Comparison {
  readonly #invocation: Invocation;
  readonly #o: Compared;
  readonly #selection: Selection;
  readonly #content: ContentComparison;
  readonly #totals = new DifferenceTotals();

  constructor(invocation: Invocation, compared: Compared) {
    this.#invocation = invocation;
    this.#o = compared;
    this.#selection = new Selection(compared.patterns);
    this.#content = new ContentComparison(compared.before, compared.after, compared.read);
  }

  async run(): Promise<Exit> {
    const { terminal, signal } = this.#invocation;
    this.#warn();
    const listing = terminal.options.json ? this.#json() : this.#text();
    const changes = compareSnapshots(this.#o.before, this.#o.after, this.#selection, this.#content);
    let missing: readonly string[] = [];
    try {
      for await (const change of changes) {
        this.#totals.add(change);
        if (!listing.add(change)) return EXIT.ok;
      }
      missing = await mistyped(this.#o.before, this.#o.after, this.#selection);
    } catch (thrown) {
      const failure = advised(failureOf(thrown, { code: 'DIFF_FAILED', origin: 'agent' }));
      listing.end(failure);
      if (signal.aborted) return EXIT.interrupted;
      terminal.error(renderFailure(failure, terminal.paint.message));
      return exitOf(failure);
    }
    listing.end();
    if (missing.length === 0) return EXIT.ok;
    terminal.warn(`neither snapshot has ${missing.map((pattern) => JSON.stringify(pattern)).join(', ')}`);
    return missing.length === this.#o.patterns.length ? EXIT.usage : EXIT.incomplete;
  }

  /** What makes the comparison less than it looks like. */
  #warn(): void {
    const { terminal } = this.#invocation;
    const { before, after } = this.#o;
    if (before.snapshot === after.snapshot) terminal.warn(`${after.snapshot.id} is compared with itself`);
    for (const one of new Set([before, after])) warnIncomplete(terminal, one.snapshot, new SkippedPaths(one).unnamed);
    if (this.#content.comparing === 'size and time')
      terminal.warn(
        'the two were made with different keys or chunk settings: files of the same size and time count as the same; --content reads them',
      );
  }

  #text() {
    const { terminal } = this.#invocation;
    const paint = terminal.paint.data;
    terminal.data(`${renderPair(this.#o.before.snapshot, this.#o.after.snapshot, paint)}\n`);
    return {
      add: (change: SnapshotChange) => terminal.data(`${changeLine(change, paint)}\n`),
      end: (failure?: Failure) => {
        if (failure === undefined) terminal.data(renderTotals(this.#totals, this.#same()));
      },
    };
  }

  #json() {
    const [from, to] = [this.#o.before, this.#o.after].map((one) => ({
      ...snapshotJson(one.snapshot),
      unnamed: new SkippedPaths(one).unnamed,
    }));
    const head = { from, to, compared: this.#content.comparing, problems: this.#o.problems };
    const stream = new JsonStream(this.#invocation.terminal, head, 'changes');
    return {
      add: (change: SnapshotChange) => stream.add(differenceJson(change)),
      end: (failure?: Failure) => {
        const same = this.#same();
        const totals = { ...this.#totals, ...(same === undefined ? {} : { same }) };
        stream.end({ totals, read: this.#o.domains.read }, failure);
      },
    };
  }

  /** How many entries are the same; not known of a selection, because nobody looked. */
  #same(): number | undefined {
    if (!this.#selection.all) return undefined;
    const entries = countEntries(this.#o.after.snapshot.opened.header.artifacts);
    return entries - this.#totals.added.entries - this.#totals.changed.entries;
  }
}
