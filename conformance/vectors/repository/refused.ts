import { hex, type Vector } from './vector.ts';

/** Makes vectors of one kind that share all but a few fields. */
export function family(shared: Partial<Vector>) {
  const make = (name: string, expect: string, bytes: Uint8Array, over: Partial<Vector> = {}): Vector => ({
    name,
    expect,
    ...shared,
    ...over,
    bytes: hex(bytes),
  });
  return {
    ok: (name: string, bytes: Uint8Array, holds?: unknown, over: Partial<Vector> = {}): Vector => ({
      ...make(name, 'ok', bytes, over),
      ...(holds === undefined ? {} : { holds }),
    }),
    bad: make,
  };
}
