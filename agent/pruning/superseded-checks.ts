import { isWhole, LEVELS } from '../repository/check-record.ts';
import { listChecks, readChecks, type StoredCheck } from '../repository/checks.ts';
import type { NamedTarget } from '../repository/store.ts';
import type { Writers } from '../repository/writers.ts';

/** So many of the last are kept, of each writer and target. */
const KEPT = 30;

/**
 * Keys of what writers verified on a target so long ago that newer ones say more: all but the last {@link KEPT} of each trusted writer, and
 * of each level the last that looked at all there was. What cannot be believed stays: somebody is to see it.
 */
export async function supersededChecks(target: NamedTarget, writers: Writers): Promise<string[]> {
  const superseded: string[] = [];
  for (const [writer, listed] of await listChecks(target)) {
    if (listed.length <= KEPT || !writers.trusts(writer)) continue;
    const { checks } = await readChecks(target, writers, listed, Number.POSITIVE_INFINITY);
    for (const of of Map.groupBy(checks, ({ check }) => check.target).values()) superseded.push(...oldOf(of));
  }
  return superseded;
}

/** `checks`: the newest first. */
function oldOf(checks: readonly StoredCheck[]): string[] {
  const whole = LEVELS.map((level) => checks.find(({ check }) => check.level === level && isWhole(check))?.key);
  return checks
    .slice(KEPT)
    .map(({ key }) => key)
    .filter((key) => !whole.includes(key));
}
