import type { PluginSpec, Policy } from '../config/policy.ts';
import type { Failure, Span } from '../contract/index.ts';
import { type Engine, openStore } from '../engine/opening.ts';
import { type HostKeys, loadHostKeys } from '../repository/keys/host-keys.ts';
import { readMarker } from '../repository/marker.ts';
import type { Store } from '../repository/store.ts';
import { Writers } from '../repository/writers.ts';
import { failUnknown } from './policy.ts';

/** A repository, opened outside any run: whose it is, and who may have written to it. */
export interface OpenRepository extends AsyncDisposable {
  /** 32 hex. */
  readonly id: string;
  readonly store: Store;
  readonly writers: Writers;
  /** This host's keys, when it writes to this repository. */
  readonly host: HostKeys | undefined;
  /** Writer objects that cannot be read. */
  readonly problems: readonly Failure[];
}

export async function openRepository(
  engine: Engine,
  targets: readonly PluginSpec[],
  signal: AbortSignal,
): Promise<OpenRepository> {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await openStore(targets, { engine, span: noSpan, signal }));
  const { id } = await readMarker(store);
  const own = await loadHostKeys(engine.stateFolder);
  const host = own?.repository === id ? own : undefined;
  const writers = await Writers.load(store, id, host);
  const opened = stack.move();
  return { id, store, writers, host, problems: writers.problems, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** The target that `--target` names, or all of them: each holds the whole repository, so one that is left is enough. */
export function chooseTargets(policy: Policy, name: string | undefined): readonly PluginSpec[] {
  const all = Object.values(policy.targets);
  if (name === undefined) return all;
  const chosen = all.filter((target) => target.name === name);
  return chosen.length > 0 ? chosen : failUnknown('target', name, Object.keys(policy.targets));
}

export const noSpan: Span = { child: () => noSpan, set() {}, end() {} };
