import type { Failure } from '../../contract/index.ts';
import type { SnapshotHeader } from '../../repository/snapshot.ts';
import { countEntries } from '../../repository/snapshot-header.ts';
import {
  listSnapshots,
  type SnapshotListing,
  type StoredSnapshot,
  unapprovedWriters,
} from '../../repository/snapshots.ts';
import { advised } from '../advice.ts';
import { openEngine } from '../engine.ts';
import { EXIT, type Exit } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { withVanished } from '../known-repository.ts';
import { openRepository, readingOf } from '../open-repository.ts';
import { formatAge, formatTime } from '../output/duration.ts';
import { printable } from '../output/printable.ts';
import { renderFailure, renderProblem } from '../output/report.ts';
import { formatCount, formatCounted, formatSize } from '../output/size.ts';
import { renderTable } from '../output/table.ts';
import { requirePolicy } from '../policy.ts';

export interface SnapshotsOptions {
  readonly target?: string;
  readonly forgotten?: boolean;
}

/** One line of the list. What nobody approved is shown, so that it is known, and marked, so that nobody relies on it. */
interface Row {
  readonly snapshot: StoredSnapshot;
  readonly trust: 'own' | 'approved' | 'unapproved';
}

interface Listed {
  readonly rows: readonly Row[];
  /** How many more there are that are wanted no more; 0 when those are the ones that are listed. */
  readonly forgotten: number;
  /** How many writers have snapshots in the repository, of whatever source: one host may be several. */
  readonly writers: number;
  readonly damaged: SnapshotListing['damaged'];
  /** Why what is marked is not used, and what to do about it. */
  readonly unapproved: readonly Failure[];
  /** What is wrong with the writers, and with what approves them. */
  readonly problems: readonly Failure[];
}

/** Lists what the signed headers say, oldest first. Needs no key. Exit 1 when there are snapshots that cannot be read. */
export async function snapshots(
  invocation: Invocation,
  source: string | undefined,
  options: SnapshotsOptions,
): Promise<Exit> {
  const { terminal, command } = invocation;
  const listed = await loadListing(invocation, source, options);
  const { rows, forgotten, damaged, unapproved, problems } = listed;
  if (terminal.options.json) terminal.json({ snapshots: rows.map(described), damaged, unapproved, problems });
  else if (rows.length > 0) terminal.data(table(invocation, listed));
  for (const { failure } of damaged) terminal.error(renderFailure(failure, terminal.paint.message));
  for (const failure of [...problems, ...unapproved]) terminal.warn(renderProblem(failure));
  const last = rows.findLast(({ trust }) => trust !== 'unapproved')?.snapshot;
  const whose = source ? ` of ${source}` : '';
  if (options.forgotten && rows.length === 0) terminal.message(`No snapshot${whose} is forgotten and still there.`);
  else if (rows.length + damaged.length + unapproved.length === 0)
    terminal.message(`There are no snapshots${whose} yet. Next: ${command('run')}`);
  else if (last !== undefined)
    terminal.message(
      options.forgotten
        ? `\n${formatCounted(rows.length, 'snapshot')}. To bring one back: ${command(`forget --undo ${last.id}`)}`
        : `\n${formatCounted(rows.length, 'snapshot')}. Next: ${command(`ls ${last.opened.header.source}`)}`,
    );
  if (forgotten > 0)
    terminal.message(
      `${formatCounted(forgotten, 'more snapshot')} ${forgotten === 1 ? 'is' : 'are'} wanted no more, and not pruned yet: ${command('snapshots --forgotten')}`,
    );
  return damaged.length === 0 ? EXIT.ok : EXIT.failed;
}

async function loadListing(
  invocation: Invocation,
  source: string | undefined,
  { target, forgotten = false }: SnapshotsOptions,
): Promise<Listed> {
  const { policy, plugins } = await requirePolicy(invocation);
  await using engine = await openEngine(invocation, plugins);
  await using repository = await openRepository(engine, readingOf(policy, target), invocation.signal);
  const { store, writers, host } = repository;
  const listing = withVanished(await listSnapshots(store, writers), { engine, target, repository });
  const isWanted = ({ opened }: StoredSnapshot) => source === undefined || opened.header.source === source;
  const trusted = (forgotten ? listing.forgotten : listing.snapshots).map((snapshot): Row => {
    return { snapshot, trust: snapshot.opened.header.writer === host?.writer ? 'own' : 'approved' };
  });
  const others = (forgotten ? [] : listing.unapproved).flatMap(({ snapshot }): Row[] =>
    snapshot === undefined ? [] : [{ snapshot, trust: 'unapproved' }],
  );
  // They may say any time: so they come last.
  const all = [...trusted, ...others];
  const ids = new Set(all.map(({ snapshot }) => snapshot.opened.header.writer));
  const rows = all.filter(({ snapshot }) => isWanted(snapshot));
  const problems = writers.problems.map(({ failure }) => advised(failure));
  const unapproved = unapprovedWriters(listing, writers, source);
  const more = forgotten ? 0 : listing.forgotten.filter(isWanted).length;
  return { rows, forgotten: more, writers: ids.size, damaged: listing.damaged, unapproved, problems };
}

function described({ snapshot: { id, key, opened, lacking = [], forgottenOn = [] }, trust }: Row) {
  return { id, key, hash: opened.hash, trust, lacking, forgottenOn, ...opened.header };
}

function remarks({ snapshot, trust }: Row): string[] {
  const { lacking = [], forgottenOn = [], opened } = snapshot;
  const { verdict, skipped }: SnapshotHeader = opened.header;
  return [
    ...(trust === 'unapproved' ? ['not approved'] : []),
    ...(lacking.length === 0 ? [] : [`not on target ${lacking.map(printable).join(', ')}`]),
    ...(forgottenOn.length === 0 ? [] : [`no more on target ${forgottenOn.map(printable).join(', ')}`]),
    ...(verdict === 'complete' ? [] : [`incomplete: ${formatCounted(skipped, 'thing')} skipped`]),
  ];
}

function table({ terminal, now }: Invocation, { rows: chosen, writers }: Listed): string {
  const paint = terminal.paint.data;
  const rows = chosen.map((row) => {
    const { snapshot } = row;
    const { header } = snapshot.opened;
    const size = header.artifacts.reduce((sum, artifact) => sum + artifact.size, 0);
    return [
      paint('cyan', snapshot.id),
      printable(header.source),
      printable(header.host),
      ...(writers > 1 ? [header.writer.slice(0, 8)] : []),
      formatTime(new Date(header.finished)),
      formatAge(new Date(header.finished), now()),
      formatCount(countEntries(header.artifacts)),
      formatSize(size),
      paint('yellow', remarks(row).join('; ')),
    ];
  });
  const columns = [
    { title: 'SNAPSHOT' },
    { title: 'SOURCE' },
    { title: 'HOST' },
    ...(writers > 1 ? [{ title: 'WRITER' }] : []),
    { title: 'FINISHED' },
    { title: 'AGE' },
    { title: 'ENTRIES', align: 'right' },
    { title: 'SIZE', align: 'right' },
    { title: '' },
  ] as const;
  return renderTable(columns, rows, paint);
}
