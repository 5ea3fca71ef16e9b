const NAME = /"((?:[^"]|"")*)"|[^,\s]+/g;

/** The columns that `COPY schema.table (a, "b c") FROM stdin;` names, in that order; none of a table that has none. */
export function columnNames(copy: string): string[] {
  return quotedNames(copy).map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name));
}

/** The same as they stand there, as SQL. */
export function quotedNames(copy: string): string[] {
  const [, list = ''] = /^COPY (?:"(?:[^"]|"")*"|[^"\s(])+ \((.*)\) FROM stdin;?\s*$/s.exec(copy) ?? [];
  return Array.from(list.matchAll(NAME), ([whole]) => whole);
}

/** The table that it names, as SQL. */
export function tableOfCopy(copy: string): string {
  return /^COPY ((?:"(?:[^"]|"")*"|[^"\s(])+)/.exec(copy)?.[1] ?? '';
}
