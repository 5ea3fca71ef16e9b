import { failureOf } from '../contract/index.ts';
import { CHECKS_PREFIX, parseCheckKey } from './check-key.ts';
import { type CheckRecord, decodeCheck, MAX_CHECK_BYTES } from './check-record.ts';
import { damaged } from './damage.ts';
import { type NamedTarget, type ObjectProblem, Store } from './store.ts';
import type { Writers } from './writers.ts';

/** A record of a trusted writer, as it lies on a target. */
export interface StoredCheck {
  readonly key: string;
  readonly check: CheckRecord;
}

export interface LoadedChecks {
  /** Of each trusted writer the newest first. */
  readonly checks: readonly StoredCheck[];
  /** What was not believed: damaged, forged, newer, of a writer that nobody approved, of another target. */
  readonly problems: readonly ObjectProblem[];
}

const UNBELIEVED = 'no backup needs it, and it counts for nothing: `holdfast repair` moves it to quarantine';
/** After so many of one writer that are not believed, the others are not read, and it is said that there are others. */
const MAX_REFUSED = 100;

/** What trusted writers signed of a target: of each the last `limit` that can be believed. */
export async function loadChecks(target: NamedTarget, writers: Writers, limit: number): Promise<LoadedChecks> {
  const checks: StoredCheck[] = [];
  const problems: ObjectProblem[] = [];
  for (const [writer, listed] of await listChecks(target)) {
    if (!writers.trusts(writer)) {
      const failure = writers.unapproved(writer, `what ${CHECKS_PREFIX}${writer}/ says on target ${target.name}`);
      problems.push({ object: `${CHECKS_PREFIX}${writer}/`, target: target.name, failure });
      continue;
    }
    const read = await readChecks(target, writers, listed, limit);
    checks.push(...read.checks.filter(({ check }) => check.target === target.name));
    problems.push(...read.problems, ...elsewhere(target.name, writer, read.checks));
  }
  return { checks, problems };
}

/** Keys and sizes of all there are on a target, by writer, the newest first. */
export async function listChecks(target: NamedTarget): Promise<Map<string, { key: string; size: number }[]>> {
  const [listed] = await new Store([target]).list(CHECKS_PREFIX);
  const all = new Map<string, { key: string; size: number }[]>();
  for (const { key, size } of [...(listed?.values() ?? [])].toReversed()) {
    const writer = parseCheckKey(key)?.writer;
    if (writer !== undefined) all.set(writer, [...(all.get(writer) ?? []), { key, size }]);
  }
  return all;
}

/** Reads them in their order until `limit` were believed, whatever target they are of. */
export async function readChecks(
  target: NamedTarget,
  writers: Writers,
  listed: readonly { readonly key: string; readonly size: number }[],
  limit: number,
): Promise<{ readonly checks: readonly StoredCheck[]; readonly problems: readonly ObjectProblem[] }> {
  const checks: StoredCheck[] = [];
  const problems: ObjectProblem[] = [];
  for (const [at, { key, size }] of listed.entries()) {
    if (checks.length >= limit) break;
    if (problems.length >= MAX_REFUSED) {
      problems.push(unlooked(target.name, key, listed.length - at, problems));
      break;
    }
    try {
      const check = await readCheck(new Store([target]), writers, key, size);
      if (check !== undefined) checks.push({ key, check });
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      // Cleared away meanwhile.
      if (failure.code === 'OBJECT_MISSING') continue;
      if (failure.origin === 'target') throw error;
      const hint = failure.code === 'FORMAT_NEWER' ? failure.hint : UNBELIEVED;
      problems.push({ object: key, target: target.name, failure: { ...failure, ...(hint && { hint }) } });
    }
  }
  return { checks, problems };
}

async function readCheck(alone: Store, writers: Writers, key: string, size: number): Promise<CheckRecord | undefined> {
  const writer = parseCheckKey(key)?.writer ?? '';
  const publicKey = writers.trusts(writer) ? writers.publicKeyOf(writer) : undefined;
  if (publicKey === undefined) return undefined;
  if (size > MAX_CHECK_BYTES) damaged('OBJECT_DAMAGED', `${key} is damaged: no check is that large.`);
  return await alone.read(key, undefined, (bytes) =>
    decodeCheck(bytes, { key, publicKey, repository: writers.repository }),
  );
}

/** Older ones that may be good: whoever is shown nothing of them is to know that there are any. */
function unlooked(target: string, key: string, left: number, refused: readonly ObjectProblem[]): ObjectProblem {
  const writer = parseCheckKey(key)?.writer ?? '';
  const newer = refused.every(({ failure }) => failure.code === 'FORMAT_NEWER') ? refused[0]?.failure : undefined;
  return {
    object: `${CHECKS_PREFIX}${writer}/`,
    target,
    failure: {
      code: 'CHECKS_UNREAD',
      message: `${left} older records of what writer ${writer.slice(0, 8)} verified lie on target ${target} and were not read: ${refused.length} newer ones are not believed`,
      origin: 'repository',
      permanent: true,
      hint: newer?.hint ?? '`holdfast repair` moves those to quarantine; say the same again afterwards',
    },
  };
}

/** Copied there, or the target had another name once: one line for each of those names. */
function elsewhere(target: string, writer: string, checks: readonly StoredCheck[]): ObjectProblem[] {
  const others = Map.groupBy(checks, ({ check }) => check.target);
  others.delete(target);
  return [...others].map(([other, of]) => ({
    object: of[0]?.key ?? CHECKS_PREFIX,
    target,
    failure: {
      code: 'CHECK_ELSEWHERE',
      message: `${of.length} of what writer ${writer.slice(0, 8)} verified lies on target ${target} and is of target ${other}: it says nothing here`,
      origin: 'repository',
      permanent: true,
      hint: 'it was copied there, or the policy calls this target otherwise now: verify it anew',
    },
  }));
}
