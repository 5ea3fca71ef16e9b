import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../contract/index.ts';

/** One value that two policies have differently. `before` absent: it is new; `after` absent: it is gone. */
export interface Change {
  /** From the root: `jobs`, `orders`, `schedule`. */
  readonly path: readonly string[];
  readonly before?: Json;
  readonly after?: Json;
}

/** Entries are compared field by field down to here: `jobs.orders.schedule`, `hosts.db-1.jobs.orders.schedule`. */
const DEEPEST = 6;

/** Everything in which two policies differ, in the order of the new one, what is gone last. What is equal but written otherwise is no difference. */
export function changesBetween(before: Json, after: Json): Change[] {
  return differences(before, after, []);
}

function differences(before: Json | undefined, after: Json | undefined, path: readonly string[]): Change[] {
  if (isDeepStrictEqual(before, after)) return [];
  // What is declared under a name appears and goes as a whole.
  const inside = path.length < DEEPEST && isMapping(before) && isMapping(after);
  // A section that appears or goes is that of its entries.
  if (path.length === 1 && before === undefined && isMapping(after)) return differences({}, after, path);
  if (path.length === 1 && after === undefined && isMapping(before)) return differences(before, {}, path);
  if (!inside) return [{ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
  const names = [...new Set([...Object.keys(after), ...Object.keys(before)])];
  return names.flatMap((name) => differences(part(before, name), part(after, name), [...path, name]));
}

type Mapping = Readonly<Record<string, Json>>;

function isMapping(value: Json | undefined): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function part(mapping: Mapping, name: string): Json | undefined {
  return Object.hasOwn(mapping, name) ? mapping[name] : undefined;
}
