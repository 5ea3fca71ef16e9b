/**
 * The candidate that was probably meant by `text`, if any is near enough: after ignoring case, `-` and `_`, at most a third
 * of its letters wrong, or the only one that begins with it. The first of equals wins.
 */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(text);
  if (wanted === '') return undefined;
  const limit = wanted.length <= 3 ? 1 : Math.max(2, Math.floor(wanted.length / 3));
  let best: string | undefined;
  let bestDistance = Math.min(limit + 1, wanted.length);
  const longer: string[] = [];
  for (const candidate of candidates) {
    if (candidate === text) continue;
    const known = plain(candidate);
    if (wanted.length > 1 && known.startsWith(wanted)) longer.push(candidate);
    const distance = editDistance(wanted, known, bestDistance);
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best ?? (longer.length === 1 ? longer[0] : undefined);
}

function plain(text: string): string {
  return text.slice(0, 128).toLowerCase().replaceAll(/[-_ ]/g, '');
}

/**
 * Damerau-Levenshtein distance in its restricted form (optimal string alignment): insertions, deletions, replacements and
 * swaps of neighbours, none of them touched twice. Distances ≥ `enough` are not told apart.
 */
export function editDistance(a: string, b: string, enough = Number.POSITIVE_INFINITY): number {
  if (Math.abs(a.length - b.length) >= enough) return enough;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let least = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) least = Math.min(least, at(beforeLast, column - 2) + 1);
      current.push(least);
    }
    if (Math.min(...current) >= enough) return enough;
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
