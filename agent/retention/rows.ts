import type { Decision } from './decision.ts';
import { reasonText } from './reason.ts';

/** One snapshot of a plan, as a table or JSON shows it. */
export interface PlanRow {
  readonly group: string;
  readonly id: string;
  /** ISO 8601 in UTC with milliseconds; '' when it cannot be read. */
  readonly time: string;
  readonly verdict: 'complete' | 'incomplete';
  readonly action: 'keep' | 'forget';
  readonly because: readonly string[];
}

/** In the order of the decisions. Ids, groups and words of holds are not made safe for a terminal. */
export function planRows(decisions: readonly Decision[]): PlanRow[] {
  return decisions.map(({ snapshot: { group, id, time, verdict }, action, reasons }) => ({
    group,
    id,
    time: Number.isNaN(time.getTime()) ? '' : time.toISOString(),
    verdict,
    action,
    because: reasons.map(reasonText),
  }));
}
