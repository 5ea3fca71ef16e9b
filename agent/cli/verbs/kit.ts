import { unapprovedHost } from '../../engine/run-keys.ts';
import { openEngine } from '../engine.ts';
import { EXIT, type Exit } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { gatherKit } from '../kit.ts';
import { openRepository, readingOf } from '../open-repository.ts';
import { renderKit } from '../output/kit-page.ts';
import { renderProblem } from '../output/report.ts';
import { requirePolicy } from '../policy.ts';

/** Prints one page for the day this host is gone. Exit 3 when nobody has approved it: then the page would not be enough. */
export async function kit(invocation: Invocation): Promise<Exit> {
  const { terminal, stateFolder, version, now, signal } = invocation;
  const { policy, plugins, written } = await requirePolicy(invocation);
  await using engine = await openEngine(invocation, plugins);
  await using repository = await openRepository(engine, readingOf(policy), signal);
  const gathered = await gatherKit(policy, written, repository, stateFolder);
  const page = renderKit(gathered, { at: now(), version });
  if (terminal.options.json) terminal.json({ ...gathered, page });
  else terminal.data(page);
  if (gathered.writer.approvedBy.length > 0) return EXIT.ok;
  terminal.warn(renderProblem(unapprovedHost(repository.writers.get(gathered.writer.id))));
  return EXIT.incomplete;
}
