/** How many rows the server says that it copied: `COPY 12`. */
export function rowsOfTag(tag: string): number {
  return Number(/^COPY (\d+)$/.exec(tag)?.[1] ?? 0);
}
