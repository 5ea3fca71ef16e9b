import type { Masked } from '../../contract/index.ts';
import { printable } from './printable.ts';
import { formatCount, formatCounted } from './size.ts';

/** What was replaced, a line for each column: `trading.public.accounts, email (fake): 1,200 values, 3 stayed NULL`. */
export function maskedLines(masked: readonly Masked[]): string[] {
  return masked.map(({ what, part, with: way, values, nulls, same }) => {
    const said = [
      formatCounted(values, 'value'),
      ...(nulls > 0 ? [`${formatCount(nulls)} stayed NULL`] : []),
      ...(same > 0 ? [`${formatCount(same)} came out as they were`] : []),
    ];
    return `${printable(what)}, ${printable(part)} (${printable(way)}): ${said.join(', ')}`;
  });
}
