import type { LogEntry, RunTrace } from './trace.ts';

/** How many log records a run sends of one kind: a source may fail to read a million files. */
const FEW = 256;

/** Logs an entry for each of `items` while they are few, and then one that says how many there are beside. */
export function logFew<T>(trace: Pick<RunTrace, 'log'>, items: readonly T[], entryOf: (item: T) => LogEntry): void {
  for (const item of items.slice(0, FEW)) trace.log(entryOf(item));
  const [next] = items.slice(FEW);
  if (next === undefined) return;
  const { severity, event } = entryOf(next);
  const message = `and ${items.length - FEW} more`;
  trace.log({ severity, message, ...(event === undefined ? {} : { event }) });
}
