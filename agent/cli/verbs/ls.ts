import { type Failure, failureOf } from '../../contract/index.ts';
import { chooseOfJobs } from '../../recovery/job-choice.ts';
import { Selection } from '../../recovery/selection.ts';
import { type Listed, listSnapshot } from '../../recovery/snapshot-listing.ts';
import type { ReadableSnapshot } from '../../recovery/unlocked-domains.ts';
import { advised } from '../advice.ts';
import { type BrowseOptions, openBrowsing, snapshotJson, tellPassedOver, warnIncomplete } from '../browsing.ts';
import { EXIT, type Exit, exitOf } from '../exit.ts';
import { type Invocation, quoteWord } from '../invocation.ts';
import { jobChoice } from '../job-choice.ts';
import { entryJson, namedJson } from '../output/entry-json.ts';
import { modeOf, nameOf, pointsTo, sizeOf, timeOf } from '../output/entry-text.ts';
import { JsonStream } from '../output/json-stream.ts';
import { printable } from '../output/printable.ts';
import { renderFailure } from '../output/report.ts';
import { formatSize } from '../output/size.ts';
import type { Terminal } from '../output/terminal.ts';
import { readerWords } from '../restore-command.ts';

export interface LsOptions extends BrowseOptions {
  readonly at: string;
  readonly job?: string;
  readonly long?: boolean;
  readonly depth?: number;
}

/** Lists what a snapshot holds, in tree order, as it is read: nothing waits for the whole listing. */
export async function ls(
  invocation: Invocation,
  source: string,
  patterns: readonly string[],
  options: LsOptions,
): Promise<Exit> {
  const { terminal, signal, command } = invocation;
  await using browsing = await openBrowsing(invocation, options);
  const choice = jobChoice(browsing.policy, source, options.job);
  const { listing: stored, writers, writer } = browsing;
  const snapshot = chooseOfJobs(stored, writers, { source, wanted: options.at, writer, choice });
  const problems = await tellPassedOver(terminal, browsing, source);
  await using domains = await browsing.unlock();
  const opened = await domains.open(snapshot);
  const listing = terminal.options.json
    ? new JsonListing(terminal, opened, problems)
    : new TextListing(terminal, options.long === true);
  const selection = new Selection(patterns);
  try {
    for await (const listed of listSnapshot(opened, selection, options.depth)) if (!listing.add(listed)) return EXIT.ok;
  } catch (thrown) {
    const failure = advised(failureOf(thrown, { code: 'LIST_FAILED', origin: 'agent' }));
    listing.end(failure);
    if (signal.aborted) return EXIT.interrupted;
    terminal.error(renderFailure(failure, terminal.paint.message));
    return exitOf(failure);
  }
  listing.end();
  warnIncomplete(terminal, snapshot);
  const { idle } = selection;
  if (idle.length === 0) {
    terminal.message(
      `\nNext: ${command(`restore ${quoteWord(source)} --into ./restored --at ${snapshot.id}${readerWords(options)}`)}`,
    );
    return EXIT.ok;
  }
  terminal.warn(
    `nothing in snapshot ${snapshot.id} matches ${idle.map((pattern) => JSON.stringify(pattern)).join(', ')}`,
  );
  return selection.isIdle ? EXIT.usage : EXIT.incomplete;
}

interface Listing {
  /** False when nobody reads any more. */
  add(listed: Listed): boolean;
  /** With the failure that broke it off, if one did. */
  end(failure?: Failure): void;
}

class TextListing implements Listing {
  readonly #terminal: Terminal;
  readonly #long: boolean;

  constructor(terminal: Terminal, long: boolean) {
    this.#terminal = terminal;
    this.#long = long;
  }

  add(listed: Listed): boolean {
    const line = this.#long ? longLine(listed) : shortLine(listed);
    return line === '' || this.#terminal.data(`${line}\n`);
  }

  end(): void {}
}

/** The name; none for the root, which is what is listed. */
function shortLine(listed: Listed): string {
  if ('stream' in listed) return printable(listed.part);
  return listed.record.path.length === 0 ? '' : nameOf(listed.record);
}

function longLine(listed: Listed): string {
  if ('stream' in listed)
    return `${'stream'.padEnd(20)}  ${formatSize(listed.stream.size).padStart(9)}  ${' '.repeat(19)}  ${printable(listed.part)}`;
  const { record } = listed;
  const owner = `${record.meta.uid}:${record.meta.gid}`.padEnd(8);
  return `${modeOf(record)} ${owner}  ${sizeOf(record).padStart(9)}  ${timeOf(record.meta)}  ${nameOf(record)}${pointsTo(record)}`;
}

class JsonListing implements Listing {
  readonly #stream: JsonStream;
  readonly #opened: ReadableSnapshot;

  constructor(terminal: Terminal, opened: ReadableSnapshot, problems: readonly Failure[]) {
    this.#opened = opened;
    this.#stream = new JsonStream(terminal, { snapshot: snapshotJson(opened.snapshot), problems }, 'entries');
  }

  add(listed: Listed): boolean {
    const { part } = listed;
    if ('stream' in listed) return this.#stream.add({ part, kind: 'stream', size: listed.stream.size });
    return this.#stream.add({ part, ...namedJson('path', listed.record.path), ...entryJson(listed.record) });
  }

  end(failure?: Failure): void {
    this.#stream.end({ skipped: this.#opened.body.skipped }, failure);
  }
}
