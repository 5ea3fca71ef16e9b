/** Sections of the policies in policies/, cut out as they stand there: examples that cannot grow old unnoticed. */
import { isMap, isScalar, parseDocument } from 'yaml';

export interface PolicyText {
  /** From the root of the project. */
  readonly path: string;
  readonly text: string;
}

export interface Example {
  readonly from: string;
  /** Ends with a newline. */
  readonly yaml: string;
}

const MOST_LINES = 24;

/** For each top-level key that any of the policies has, the example that says most within 24 lines. */
export function sectionExamples(policies: readonly PolicyText[]): Map<string, Example> {
  const found = new Map<string, Example>();
  for (const { path, text } of policies) {
    for (const [key, whole] of sectionsOf(text)) {
      const lines = withinLimit(whole);
      const known = found.get(key)?.yaml.split('\n').length ?? 0;
      if (lines.length + 1 > known) found.set(key, { from: path, yaml: `${lines.join('\n')}\n` });
    }
  }
  return found;
}

/** The lines of each section, without the comments that lead to the next one. */
function sectionsOf(text: string): [string, string[]][] {
  const { contents } = parseDocument(text);
  if (!isMap(contents)) return [];
  const keys = contents.items.flatMap(({ key }) => (isScalar(key) && key.range ? [{ key, at: key.range[0] }] : []));
  return keys.map(({ key, at }, index) => {
    const lines = text.slice(at, keys[index + 1]?.at).split('\n');
    return [String(key.value), lines.slice(0, lines.findLastIndex((line) => /^[^#\s]|^\s+[^#\s]/.test(line)) + 1)];
  });
}

/** As many whole entries as fit; a comment above an entry belongs to it. */
function withinLimit(lines: readonly string[]): readonly string[] {
  if (lines.length <= MOST_LINES) return lines;
  const depth = /^\s*/.exec(lines.slice(1).find((line) => /^\s+[^#\s]/.test(line)) ?? '')?.[0].length ?? 0;
  const begins = lines.flatMap((line, at) =>
    at > 0 && line.search(/[^\s]/) === depth && !line.includes('#') ? [at] : [],
  );
  const ends = [...begins.slice(1).map((at) => beforeComments(lines, at)), lines.length];
  return lines.slice(0, ends.findLast((end) => end <= MOST_LINES) ?? MOST_LINES);
}

function beforeComments(lines: readonly string[], at: number): number {
  let end = at;
  while (/^\s*(?:#.*)?$/.test(lines[end - 1] ?? 'x')) end -= 1;
  return end;
}
