/** What is measured, row by row: its title, and what its numbers are (bytes are shown as `MB`). */
export type Rows<Measured extends string> = Readonly<
  Record<Measured, { readonly title: string; readonly unit: 's' | 'MB' }>
>;

/** What one contender's round cost, by what was measured. NaN: it could not be measured here. */
export type Round<Measured extends string> = Readonly<Record<Measured, number>>;

/** All rounds of every contender, this project first. */
export type Rounds<Measured extends string> = ReadonlyMap<string, readonly Round<Measured>[]>;

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function format(value: number, unit: string): string {
  if (Number.isNaN(value)) return '–';
  const number = unit === 'MB' ? value / 1e6 : value;
  return `${number.toFixed(number < 100 ? (unit === 's' ? 2 : 1) : 0)} ${unit}`;
}

/**
 * A Markdown table of medians: a column for each contender, and the first one's ratio to the best of the others (below
 * 1 is better than all of them).
 */
export function renderResults<Measured extends string>(measured: Rows<Measured>, rounds: Rounds<Measured>): string {
  const [own = '', ...peers] = rounds.keys();
  const value = (name: string, what: Measured) => median((rounds.get(name) ?? []).map((round) => round[what]));
  const ratio = (what: Measured) => {
    const best = Math.min(...peers.map((peer) => value(peer, what)));
    const number = value(own, what) / best;
    return peers.length === 0 || Number.isNaN(number) ? '–' : `${number.toFixed(2)} ×`;
  };
  const rows = (Object.keys(measured) as Measured[]).map((what) => {
    const cells = [own, ...peers].map((name) => format(value(name, what), measured[what].unit));
    return [measured[what].title, ...cells, ratio(what)];
  });
  const table = [['', own, ...peers, `${own} : best peer`], ...rows];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  const [head = [], ...body] = table;
  return `${[line(head), rule, ...body.map(line)].join('\n')}\n`;
}
