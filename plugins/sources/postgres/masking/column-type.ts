/** What rules need to know of a column's type. `length`: in characters, of one that has a limit. */
export type ColumnType =
  | { readonly kind: 'text'; readonly length: number; readonly padded: boolean }
  | { readonly kind: 'number' | 'uuid' | 'time' }
  | { readonly kind: 'other' };

/** Bytes of a name, less the one that ends it. */
const NAME = 63;

/** `type` as `format_type()` writes it, or as SQL has it: `character varying(20)`, `varchar`, `timestamp(3) with time zone`. */
export function columnType(type: string): ColumnType {
  const [, name = '', limit, rest = ''] =
    /^\s*("?[\w.]+"?(?: varying| precision)?)(?:\s*\(([\d\s,-]+)\))?(.*)$/s.exec(type.toLowerCase()) ?? [];
  const whole = `${name}${rest}`.trim().replace(/^pg_catalog\./, '');
  const length = limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
  if (/^(text|([\w.]+\.)?citext|varchar|character varying)$/.test(whole))
    return { kind: 'text', length, padded: false };
  if (/^(bpchar|character|char)$/.test(whole))
    return { kind: 'text', length: whole !== 'bpchar' && limit === undefined ? 1 : length, padded: true };
  if (whole === 'name') return { kind: 'text', length: NAME, padded: false };
  if (/^(smallint|integer|bigint|int|int[248])$/.test(whole)) return { kind: 'number' };
  // A negative scale rounds: then different digits are the same number.
  if (/^(numeric|decimal)$/.test(whole) && !limit?.includes('-')) return { kind: 'number' };
  if (whole === 'uuid') return { kind: 'uuid' };
  if (/^(date|(time|timestamp)( without time zone)?|timestamptz|timestamp with time zone)$/.test(whole))
    return { kind: 'time' };
  return { kind: 'other' };
}
