import { HoldfastError, type Host } from 'holdfast/plugin';
import { databaseFolder } from './artifact-name.ts';
import type { DatabasePlan } from './database-plan.ts';
import { serverFailure } from './failure.ts';

export interface BrokenOff {
  readonly error: unknown;
  /** The database whose restore failed. */
  readonly at: DatabasePlan;
  readonly done: readonly DatabasePlan[];
  readonly databases: readonly DatabasePlan[];
  /** That the restore made before. */
  readonly roles: readonly string[];
  readonly host: Host;
}

/** The failure of a restore that leaves something behind: which database it was of several, what is there by now, and how to go on. */
export function brokenOff({ error, at, done, databases, roles, host }: BrokenOff): unknown {
  const made = roles.length === 0 ? '' : `made by this restore, and still there: roles ${roles.join(', ')}`;
  // Who cancels is told that, and nothing else.
  if (host.signal.aborted && made !== '') host.log.warn(made);
  if (host.signal.aborted || (databases.length === 1 && made === '')) return error;
  const failure = serverFailure(error, `restore database ${at.target}`);
  const names = done.map(({ target }) => target).join(', ');
  const there = [...(names === '' ? [] : [`restored before it, and there: ${names}`]), ...(made === '' ? [] : [made])];
  const of = databases.length === 1 ? '' : `database ${at.target}: `;
  const rest = databases.filter((one) => !done.includes(one)).map(({ source }) => `${databaseFolder(source)}/`);
  const next = done.length === 0 ? [] : [`then restore what is left by its names: ${rest.join(' ')}`];
  const hint = [...(failure.hint === undefined ? [] : [failure.hint]), ...next].join('; ');
  return new HoldfastError(
    { ...failure, message: [`${of}${failure.message}`, ...there].join('; '), ...(hint === '' ? {} : { hint }) },
    { cause: error },
  );
}
