import type { Json } from '../contract/index.ts';
import type { Value } from './encoding.ts';
import { RecordReader } from './keys/record.ts';

export type Refuse = (reason: string) => never;

/** A decoded map, in two parts: the fields in `names` as they are, and a reader for the others. `refuse` when one is missing. */
export function splitRecord<N extends string>(
  value: Value,
  names: readonly N[],
  refuse: Refuse,
): { record: RecordReader; raw: Readonly<Record<N, Value>> } {
  if (!isMap(value)) return refuse('a record is not a map');
  const fields = new Map(Object.entries(value));
  const raw: Record<string, Value> = {};
  for (const name of names) {
    const field = fields.get(name);
    raw[name] = field === undefined ? refuse(`its field ${name} is missing`) : field;
    fields.delete(name);
  }
  return { record: new RecordReader(Object.fromEntries(fields), refuse), raw: raw as Record<N, Value> };
}

export function isMap(value: Value): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

export function listOf(value: Value, refuse: Refuse): readonly Value[] {
  // Array.isArray narrows readonly arrays to any[].
  return Array.isArray(value) ? (value as readonly Value[]) : refuse('what should be a list is none');
}

/** `value`, when it is what JSON can say too. */
export function jsonOf(value: Value, refuse: Refuse): Json {
  if (typeof value === 'bigint' || value instanceof Uint8Array) return refuse('a fact is not plain data');
  if (value !== null && typeof value === 'object') {
    for (const item of Array.isArray(value) ? value : Object.values(value)) jsonOf(item, refuse);
  }
  return value as Json;
}
