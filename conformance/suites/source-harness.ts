import type {
  BackupRequest,
  Json,
  Plan,
  Reader,
  Restored,
  RestoreRequest,
  Source,
  SourcePlugin,
  Verdict,
} from 'holdfast/plugin';
import { type LentHost, lendHost } from '../kit/host.ts';
import { MemorySink } from '../kit/memory-sink.ts';
import type { MemorySnapshot } from '../kit/memory-snapshot.ts';

/** A data system of its own for one check, with a little of everything that the source captures; disposing removes it. */
export interface SampleSystem extends AsyncDisposable {
  /** Complete, valid options that open it: defaults are not filled in. */
  readonly options: Json;
  /** All that a backup must keep, found without the plugin. Two systems of equal state hold the same data. */
  state(): Promise<Json>;
  /**
   * Makes one part of it unreadable, when a source of this kind can go on without it, and returns the text that `skip` must
   * name it by and the state that is left to capture.
   */
  spoil?(): Promise<{ readonly what: string; readonly left: Json }>;
  /** Changes something that a backup captures; needed of a source that can `in-place`. */
  alter?(): Promise<void>;
}

/** Somewhere to restore to, empty; disposing removes it. */
export interface RestorePlace extends AsyncDisposable {
  readonly into: RestoreRequest['into'];
  state(): Promise<Json>;
  /** Changes something that a restore of the sample wrote. */
  alter(): Promise<void>;
  /** When restoring into a folder: one beside it in which a hostile snapshot could leave traces, as names of what is in it. */
  outside?(): Promise<readonly string[]>;
}

/** What the author of a source supplies. */
export interface SourceHarness {
  readonly plugin: SourcePlugin;
  system(): Promise<SampleSystem>;
  place(): Promise<RestorePlace>;
  /** Valid options of a system that is not there. */
  absent(): Promise<Json>;
}

/** An open source on a system of its own. */
export interface OpenSource extends AsyncDisposable {
  readonly source: Source;
  readonly system: SampleSystem;
  readonly host: LentHost;
}

/** Opens the source on a fresh system, and takes everything away when disposed. */
export async function openSample(harness: SourceHarness): Promise<OpenSource> {
  await using stack = new AsyncDisposableStack();
  const system = stack.use(await harness.system());
  const host = stack.use(await lendHost());
  const source = stack.use(await harness.plugin.open(system.options, host));
  const all = stack.move();
  return { source, system, host, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

export interface Captured {
  readonly verdict: Verdict;
  readonly sink: MemorySink;
  readonly snapshot: MemorySnapshot;
}

/** Runs one backup into memory; with `before`, that backup was the previous one. */
export async function capture(
  source: Source,
  before?: Captured,
  sink = new MemorySink(before?.snapshot),
): Promise<Captured> {
  const verdict = await source.backup(backupRequest(before), sink);
  return { verdict, sink, snapshot: sink.snapshot() };
}

export function backupRequest(before?: Captured): BackupRequest {
  const previous = before && { id: 'previous', facts: before.verdict.facts, parts: before.snapshot.facts() };
  return { select: null, parallel: 4, lastOf: () => undefined, ...(previous === undefined ? {} : { previous }) };
}

export function restoreRequest(place: RestorePlace, conflict: RestoreRequest['conflict'] = 'error'): RestoreRequest {
  return { at: 'latest', select: null, into: place.into, conflict, parallel: 4 };
}

/** Plans and restores. The plan passes through JSON, as it does in the agent. */
export async function restore(source: Source, request: RestoreRequest, from: Reader): Promise<Restored> {
  const plan: Plan = JSON.parse(JSON.stringify(await source.plan(request, from)));
  return source.restore(plan, request, from);
}
