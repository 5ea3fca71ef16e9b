import assert from 'node:assert/strict';

/** Fails when two of the values come out the same. */
export function distinct(made: readonly string[], of: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const [i, one] of made.entries()) {
    assert.equal(seen.get(one), undefined, `${seen.get(one)} and ${of[i]} both become ${one}`);
    seen.set(one, of[i] as string);
  }
}
