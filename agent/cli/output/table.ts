import type { Paint } from './paint.ts';
import { displayWidth } from './width.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Rows under their titles, aligned by display width, two spaces between columns, nothing drawn and nothing trailing. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], paint: Paint): string {
  const widths = columns.map((column, at) =>
    rows.reduce((widest, row) => Math.max(widest, displayWidth(row[at] ?? '')), displayWidth(column.title)),
  );
  const line = (cells: readonly string[]) =>
    columns
      .map((column, at) => padded(cells[at] ?? '', widths[at] ?? 0, column.align ?? 'left'))
      .join('  ')
      .trimEnd();
  const titles = paint('dim', line(columns.map((column) => column.title)));
  return [titles, ...rows.map(line), ''].join('\n');
}

/** Facts one below the other: `names` to the left, what they say aligned. Indented by `indent`. */
export function renderFacts(
  facts: readonly (readonly [name: string, text: string])[],
  paint: Paint,
  indent = 2,
): string {
  const width = Math.max(0, ...facts.map(([name]) => displayWidth(name)));
  const margin = ' '.repeat(indent);
  const below = `\n${margin}${' '.repeat(width + 2)}`;
  return facts
    .map(([name, text]) => `${margin}${paint('dim', padded(name, width, 'left'))}  ${text.replaceAll('\n', below)}\n`)
    .join('');
}

function padded(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + space : space + text;
}
