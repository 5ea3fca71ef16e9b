import type { Json } from '../../contract/index.ts';
import type { Path } from '../diagnostic.ts';
import type { PolicyDocument } from '../document.ts';

/** Where a value was written. */
export interface Origin {
  readonly document: PolicyDocument;
  /** In that document. */
  readonly path: Path;
  /** How it came to where it is now, when that is not where it was written: `from defaults.jobs`. */
  readonly via?: string;
  /** Of a mapping that was merged: where each of its parts was written. Of any other, parts lie below `path`. */
  readonly parts?: ReadonlyMap<string, Origin>;
}

/** A value, and where each part of it was written. */
export interface Layer {
  readonly value: Json;
  readonly origin: Origin;
}

/** Which of two values stays, when a mapping cannot be made of both. */
export type Choose = (under: Layer, over: Layer, path: Path) => Layer;

/** What is laid over something wins. */
export const upper: Choose = (_, over) => over;

export type Mapping = Readonly<Record<string, Json>>;

export function isMapping(value: Json | undefined): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The part of a layer at `path`; `undefined` when there is none. */
export function partOf(layer: Layer, ...path: readonly string[]): Layer | undefined {
  let part = layer;
  for (const name of path) {
    if (!isMapping(part.value) || !Object.hasOwn(part.value, name)) return undefined;
    const value = part.value[name];
    if (value === undefined) return undefined;
    part = { value, origin: originOfPart(part.origin, name) };
  }
  return part;
}

export function originOfPart(origin: Origin, name: string | number): Origin {
  const { document, path, via, parts } = origin;
  return parts?.get(String(name)) ?? { document, path: [...path, name], ...(via !== undefined && { via }) };
}

/** The same values, said to come from elsewhere. */
export function movedBy(layer: Layer, via: string): Layer {
  const moved = (origin: Origin): Origin => {
    const { document, path, parts } = origin;
    if (parts === undefined) return { document, path, via };
    return { document, path, via, parts: new Map([...parts].map(([name, part]) => [name, moved(part)])) };
  };
  return { value: layer.value, origin: moved(layer.origin) };
}

/** Lays one over the other: mappings are merged key by key, of anything else `choose` takes one. */
export function merge(under: Layer, over: Layer, choose: Choose, path: Path = []): Layer {
  if (!isMapping(under.value) || !isMapping(over.value)) return choose(under, over, path);
  const values = new Map(Object.entries<Json>(under.value));
  const parts = new Map<string, Origin>();
  for (const name of values.keys()) parts.set(name, originOfPart(under.origin, name));
  for (const name of Object.keys(over.value)) {
    const upperPart = partOf(over, name);
    const lowerPart = partOf(under, name);
    if (upperPart === undefined) continue;
    const merged = lowerPart === undefined ? upperPart : merge(lowerPart, upperPart, choose, [...path, name]);
    values.set(name, merged.value);
    parts.set(name, merged.origin);
  }
  const { document, path: written } = over.origin;
  return { value: Object.fromEntries(values), origin: { document, path: written, parts } };
}

/** A mapping with some parts put in the place of others. */
export function withParts(layer: Layer, changed: ReadonlyMap<string, Layer>): Layer {
  if (!isMapping(layer.value) || changed.size === 0) return layer;
  const values = new Map(Object.entries<Json>(layer.value));
  const parts = new Map([...values.keys()].map((name) => [name, originOfPart(layer.origin, name)]));
  for (const [name, part] of changed) {
    values.set(name, part.value);
    parts.set(name, part.origin);
  }
  const { document, path, via } = layer.origin;
  return { value: Object.fromEntries(values), origin: { document, path, parts, ...(via !== undefined && { via }) } };
}

/** A mapping without some of its parts. */
export function withoutParts(layer: Layer, isDropped: (name: string) => boolean): Layer {
  if (!isMapping(layer.value)) return layer;
  const kept = Object.entries<Json>(layer.value).filter(([name]) => !isDropped(name));
  return { value: Object.fromEntries(kept), origin: layer.origin };
}

/** Two lists as one. */
export function joined(first: Layer, second: Layer): Layer {
  const [one, two] = [first.value, second.value].map((value): readonly Json[] => (Array.isArray(value) ? value : []));
  if (one === undefined || two === undefined) return first;
  const parts = new Map<string, Origin>();
  for (const index of one.keys()) parts.set(String(index), originOfPart(first.origin, index));
  for (const index of two.keys()) parts.set(String(one.length + index), originOfPart(second.origin, index));
  const { document, path } = first.origin;
  return { value: [...one, ...two], origin: { document, path, parts } };
}
