/** A table as a policy can mean it. */
export interface TableName {
  readonly database: string;
  readonly schema: string;
  readonly table: string;
}

/** How a policy writes a table: one to three parts, see {@link tablePattern}. */
export const TABLE_FORM = (() => {
  const part = '(?:"(?:[^"\\u0000]|"")+"|[^.\\u0000]+)';
  return `^${part}(?:\\.${part}){0,2}$`;
})();

/** Tells whether a name fits a pattern in which `*` stands for any part of it. */
export function namePattern(pattern: string): (name: string) => boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const whole = new RegExp(`^${parts.join('.*')}$`, 'su');
  return (name) => whole.test(name);
}

/** `table`, `schema.table` or `database.schema.table`; a part with a dot in it stands in double quotes, as in SQL. */
export function tablePattern(pattern: string): (name: TableName) => boolean {
  const [table = '*', schema = '*', database = '*'] = partsOf(pattern).toReversed();
  const tests = [namePattern(database), namePattern(schema), namePattern(table)] as const;
  return (name) => tests[0](name.database) && tests[1](name.schema) && tests[2](name.table);
}

function partsOf(pattern: string): string[] {
  return Array.from(
    pattern.matchAll(/"((?:[^"]|"")*)"|[^.]+/g),
    ([whole, quoted]) => quoted?.replaceAll('""', '"') ?? whole,
  );
}
