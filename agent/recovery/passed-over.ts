/** What lies below a prefix of a target and nobody heeds: under keys that are none, or of writers that nobody approved. */
export interface PassedOver {
  readonly target: string;
  readonly prefix: string;
  readonly count: number;
  /** The first of their keys. */
  readonly first: string;
}

/** Of the keys of a prefix, ascending, those that nobody heeds: one line, or none. */
export function passedOver(target: string, prefix: string, keys: readonly string[]): PassedOver[] {
  const [first] = keys;
  return first === undefined ? [] : [{ target, prefix, count: keys.length, first }];
}
