import { listSnapshots, type SnapshotListing, type StoredSnapshot } from '../../repository/snapshots.ts';
import { openEngine } from '../engine.ts';
import { EXIT, type Exit } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { chooseTargets, openRepository } from '../open-repository.ts';
import { formatAge, formatTime } from '../output/duration.ts';
import { printable } from '../output/printable.ts';
import { renderFailure } from '../output/report.ts';
import { formatCount, formatCounted, formatSize } from '../output/size.ts';
import { renderTable } from '../output/table.ts';
import { requirePolicy } from '../policy.ts';

export interface SnapshotsOptions {
  readonly target?: string;
}

/** Lists what the signed headers say, oldest first. Needs no key. Exit 1 when there are snapshots that cannot be trusted. */
export async function snapshots(
  invocation: Invocation,
  source: string | undefined,
  options: SnapshotsOptions,
): Promise<Exit> {
  const { terminal, command } = invocation;
  const { snapshots: all, damaged } = await loadListing(invocation, options.target);
  const chosen = source === undefined ? all : all.filter(({ opened }) => opened.header.source === source);
  if (terminal.options.json) terminal.json({ snapshots: chosen.map(described), damaged });
  else if (chosen.length > 0) terminal.data(table(invocation, chosen));
  for (const { failure } of damaged) terminal.error(renderFailure(failure, terminal.paint.message));
  const last = chosen.at(-1);
  if (last === undefined)
    terminal.message(`There are no snapshots${source ? ` of ${source}` : ''} yet. Next: ${command('run')}`);
  else
    terminal.message(
      `\n${formatCounted(chosen.length, 'snapshot')}. Next: ${command(`ls ${last.opened.header.source}`)}`,
    );
  return damaged.length === 0 ? EXIT.ok : EXIT.failed;
}

async function loadListing(invocation: Invocation, target: string | undefined): Promise<SnapshotListing> {
  const { policy, plugins } = await requirePolicy(invocation);
  const targets = chooseTargets(policy, target);
  await using engine = await openEngine(invocation, plugins);
  await using repository = await openRepository(engine, targets, invocation.signal);
  return listSnapshots(repository.store, repository.writers);
}

function described({ id, key, opened }: StoredSnapshot) {
  return { id, key, hash: opened.hash, ...opened.header };
}

function table({ terminal, now }: Invocation, chosen: readonly StoredSnapshot[]): string {
  const paint = terminal.paint.data;
  const rows = chosen.map(({ id, opened: { header } }) => {
    const size = header.artifacts.reduce((sum, artifact) => sum + artifact.size, 0);
    const entries = header.artifacts.reduce((sum, artifact) => sum + artifact.entries, 0);
    return [
      paint('cyan', id),
      printable(header.source),
      printable(header.host),
      formatTime(new Date(header.finished)),
      formatAge(new Date(header.finished), now()),
      formatCount(entries),
      formatSize(size),
      header.verdict === 'complete'
        ? ''
        : paint('yellow', `incomplete: ${formatCounted(header.skipped, 'thing')} skipped`),
    ];
  });
  const columns = [
    { title: 'SNAPSHOT' },
    { title: 'SOURCE' },
    { title: 'HOST' },
    { title: 'FINISHED' },
    { title: 'AGE' },
    { title: 'ENTRIES', align: 'right' },
    { title: 'SIZE', align: 'right' },
    { title: '' },
  ] as const;
  return renderTable(columns, rows, paint);
}
