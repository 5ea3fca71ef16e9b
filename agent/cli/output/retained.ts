import type { PlanRow } from '../../retention/rows.ts';
import type { Retained } from '../retention-forecast.ts';
import { printable } from './printable.ts';
import { formatCount, formatCounted } from './size.ts';

/** Ids shown of what would be removed. */
const SOME = 6;

/** One line of what would stay and go, or one for each target, named. */
export function spokenRetained(retained: readonly Retained[]): string {
  const lines = retained.map(({ targets, rows }) => {
    const where = retained.length > 1 ? `${targets.map(printable).join(', ')}: ` : '';
    const { keep, remove } = keptAndRemoved(rows);
    const kept = `${where}would keep ${formatCounted(keep.length, 'snapshot')}`;
    if (remove.length === 0) return `${kept}, and remove none`;
    const some = remove.slice(0, SOME).join(', ');
    return `${kept}, and remove ${formatCount(remove.length)}: ${some}${remove.length > SOME ? ', …' : ''}`;
  });
  return lines.join('\n');
}

export interface KeptAndRemoved {
  readonly keep: { readonly id: string; readonly because: string[] }[];
  readonly remove: string[];
}

/** Ids that stay, each with every reason, and ids that go. */
export function keptAndRemoved(rows: readonly PlanRow[]): KeptAndRemoved {
  return {
    keep: rows.flatMap(({ id, action, because }) => (action === 'keep' ? [{ id, because: [...because] }] : [])),
    remove: rows.flatMap(({ id, action }) => (action === 'forget' ? [id] : [])),
  };
}

/** The same of all targets together: what stays on any of them, for any reason there, and what goes from all. */
export function keptAnywhere(retained: readonly Retained[]): KeptAndRemoved {
  const [only, ...others] = retained;
  if (only !== undefined && others.length === 0) return keptAndRemoved(only.rows);
  const reasons = new Map<string, Set<string>>();
  const gone = new Set<string>();
  for (const { keep, remove } of retained.map(({ rows }) => keptAndRemoved(rows))) {
    for (const { id, because } of keep) reasons.set(id, new Set([...(reasons.get(id) ?? []), ...because]));
    for (const id of remove) gone.add(id);
  }
  const keep = [...reasons].map(([id, because]) => ({ id, because: [...because] }));
  return { keep, remove: [...gone].filter((id) => !reasons.has(id)) };
}
