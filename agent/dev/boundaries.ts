/**
 * Holds every file to the rules of boundary-rules.ts; `npm run check` runs it. Our own and not the linter's, because a type
 * (`import('…')`) and the path of a worker's entry are arrows too.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type Arrow, arrowRules, fileRules, type SourceFile } from './boundary-rules.ts';
import { readReferences } from './references.ts';

const sourceRoots = ['agent', 'plugins', 'conformance', 'schemas', 'policies'];

export const rulesOfBoundaries: readonly string[] = [...fileRules, ...arrowRules, { name: 'no-cycles' }].map(
  ({ name }) => name,
);

export interface Violation {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

function readSources(root: string): SourceFile[] {
  const paths = sourceRoots
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => posix.join(folder, path)),
    );
  return paths
    .filter((path) => /\.[cm]?[jt]s$/.test(path) && !path.includes('node_modules/'))
    .map((path) => ({ path, ...readReferences(readFileSync(join(root, path), 'utf8')) }));
}

function arrowsOf(from: SourceFile): Arrow[] {
  return from.references.map((reference) => {
    const inside = reference.specifier.startsWith('.');
    const to = inside ? posix.join(posix.dirname(from.path), reference.specifier) : undefined;
    return { ...reference, from, ...(to === undefined ? {} : { to }) };
  });
}

/** The arrows that close a circle of imports: every import between two files that can each be reached from the other. */
function findCycles(arrows: readonly Arrow[]): Violation[] {
  const next = new Map<string, Set<string>>();
  for (const { from, to, kind } of arrows) {
    if (to !== undefined && kind === 'import') next.set(from.path, (next.get(from.path) ?? new Set()).add(to));
  }
  const wayBack = (from: string, goal: string): string[] | undefined => {
    const cameFrom = new Map<string, string>([[from, from]]);
    for (const file of cameFrom.keys()) {
      if (file === goal) {
        const way = [file];
        while (way[0] !== from) way.unshift(cameFrom.get(way[0] ?? from) ?? from);
        return way;
      }
      for (const target of next.get(file) ?? []) if (!cameFrom.has(target)) cameFrom.set(target, file);
    }
    return undefined;
  };
  return arrows.flatMap(({ from, to, kind, line, column }) => {
    const way = to === undefined || kind !== 'import' ? undefined : wayBack(to, from.path);
    if (way === undefined) return [];
    return [{ rule: 'no-cycles', file: from.path, line, column, message: [from.path, ...way].join(' → ') }];
  });
}

/** Everything below `root` that breaks a rule, with what was looked at: a checker that saw no arrow has proved nothing. */
export function checkBoundaries(root: string): { violations: Violation[]; files: number; arrows: readonly Arrow[] } {
  const files = readSources(root);
  const arrows = files.flatMap(arrowsOf);
  const inFiles = files.flatMap((file) =>
    fileRules.flatMap(({ name, judge }) =>
      judge(file).map(({ message, at: { line, column } = { line: 1, column: 1 } }) => {
        return { rule: name, file: file.path, line, column, message };
      }),
    ),
  );
  const inArrows = arrows.flatMap((arrow) =>
    arrowRules.flatMap(({ name, judge }) => {
      const { from, specifier, line, column } = arrow;
      const wrong = judge(arrow);
      if (wrong === undefined) return [];
      return [{ rule: name, file: from.path, line, column, message: `'${specifier}': ${wrong}` }];
    }),
  );
  return { violations: [...inFiles, ...inArrows, ...findCycles(arrows)], files: files.length, arrows };
}

export function describeViolation({ rule, file, line, column, message }: Violation): string {
  return `${file}:${line}:${column} ${message} (${rule})`;
}
