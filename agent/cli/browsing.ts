import type { Policy } from '../config/policy.ts';
import type { Failure } from '../contract/index.ts';
import type { RepositoryReading } from '../engine/repository-reading.ts';
import { newerElsewhere } from '../recovery/newer-elsewhere.ts';
import { UnlockedDomains } from '../recovery/unlocked-domains.ts';
import type { Identity } from '../repository/keys/identity.ts';
import {
  listSnapshots,
  ofWriter,
  type SnapshotListing,
  type StoredSnapshot,
  unapprovedWriters,
} from '../repository/snapshots.ts';
import { findTrusted } from '../repository/writer-name.ts';
import type { Writers } from '../repository/writers.ts';
import { advised } from './advice.ts';
import { openEngine } from './engine.ts';
import type { Invocation } from './invocation.ts';
import { storedLast, withVanished } from './known-repository.ts';
import { noSpan, openRepository, readingOf } from './open-repository.ts';
import { renderProblem } from './output/report.ts';
import { formatCount, formatCounted } from './output/size.ts';
import type { Terminal } from './output/terminal.ts';
import { requirePolicy } from './policy.ts';
import { type ReaderOptions, unlockReader } from './recovery-key.ts';

export interface BrowseOptions extends ReaderOptions {
  readonly target?: string;
  /** Whose snapshots: the code or the beginning of the id of a writer. */
  readonly writer?: string;
}

/** A repository that is looked into. */
export interface Browsing extends AsyncDisposable {
  readonly policy: Policy;
  /** Of the writer that was named, else of all. */
  readonly listing: SnapshotListing;
  readonly writers: Writers;
  /** This host's own writer, when it has one here. */
  readonly writer: string | undefined;
  /** Targets, keys and approvals that could not be had. */
  readonly problems: readonly Failure[];
  /** What other targets have that is newer than what the chosen one has, of one source or of all. */
  newer(source: string | undefined): Promise<readonly Failure[]>;
  /** Asks for the passphrase, once: what can be known without a key is to be known before. What it gives is to be disposed of. */
  unlock(): Promise<UnlockedDomains>;
}

/** Opens what the policy and the command line name, and reads which snapshots there are. */
export async function openBrowsing(invocation: Invocation, options: BrowseOptions): Promise<Browsing> {
  const { policy, plugins } = await requirePolicy(invocation);
  await using stack = new AsyncDisposableStack();
  const engine = stack.use(await openEngine(invocation, plugins));
  const reading = readingOf(policy, options.target);
  const repository: RepositoryReading = stack.use(await openRepository(engine, reading, invocation.signal));
  const { store, writers, host, unavailable, unreadable } = repository;
  const { target } = options;
  const all = withVanished(await listSnapshots(store, writers), { engine, target, repository });
  const named = options.writer === undefined ? undefined : findTrusted(writers, options.writer).id;
  const loan = { engine, span: noSpan, signal: invocation.signal };
  const newer = (source: string | undefined) =>
    newerElsewhere({ reading, repository, listing: all, stored: storedLast(engine), source, writer: named }, loan);
  const listing = named === undefined ? all : ofWriter(all, named);
  const { snapshots: listed } = all;
  const { signal } = invocation;
  let identity: Identity | undefined;
  const opened = stack.move();
  return {
    policy,
    listing,
    writers,
    writer: host?.writer,
    newer,
    problems: [...[...unavailable, ...repository.problems].map(({ failure }) => failure), ...unreadable],
    async unlock() {
      identity ??= await unlockReader(invocation, options);
      return new UnlockedDomains({ store, writers, listed, identity, registry: plugins, signal });
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/**
 * Says which snapshots were not considered, of all sources or of one, and whom nobody trusts: what is called the latest may not be what was
 * made last. Gives that, and all else that was wrong, for a document.
 */
export async function tellPassedOver(
  terminal: Terminal,
  browsing: Browsing,
  source?: string,
): Promise<readonly Failure[]> {
  const { listing, writers, problems } = browsing;
  const damaged = [...writers.problems, ...listing.damaged].map(({ failure }) => failure);
  const newer = await browsing.newer(source);
  const passedOver = [...damaged, ...newer, ...unapprovedWriters(listing, writers, source)].map(advised);
  // The others were told when the repository was opened.
  for (const problem of passedOver) terminal.warn(renderProblem(problem));
  return [...problems.map(advised), ...passedOver];
}

/** What lacks in a snapshot since it was made need not have been removed. `unnamed`: how many of those it names nowhere, where that is known. */
export function warnIncomplete(terminal: Terminal, { id, opened }: StoredSnapshot, unnamed = 0): void {
  if (opened.header.verdict !== 'incomplete') return;
  const skipped = formatCounted(opened.header.skipped, 'thing');
  const more =
    unnamed === 0
      ? ''
      : `; ${formatCount(unnamed)} of them it does not name, so what looks as if it were removed or new may be among those`;
  terminal.warn(`snapshot ${id} is incomplete: when it was made, ${skipped} could not be read${more}`);
}

/** A snapshot for a program. */
export function snapshotJson({ id, opened: { header } }: StoredSnapshot) {
  const { source, job, host, started, finished, verdict, skipped } = header;
  return { id, source, job, host, started, finished, verdict, skipped };
}
