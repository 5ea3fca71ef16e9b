import type { Aspect, Change } from '../../contract/index.ts';
import type { ChangeTotals } from '../../recovery/change-totals.ts';
import { namedJson } from './entry-json.ts';
import { JsonStream } from './json-stream.ts';
import type { Paint, Tone } from './paint.ts';
import { printable, printablePath } from './printable.ts';
import { formatCount, formatCounted, formatSize } from './size.ts';
import type { Terminal } from './terminal.ts';

const MARKS: Readonly<Record<Change['action'], readonly [mark: string, tone: Tone]>> = {
  make: ['+', 'green'],
  content: ['>', 'yellow'],
  attributes: ['.', 'cyan'],
  links: ['=', 'yellow'],
  kind: ['!', 'yellow'],
  remove: ['-', 'red'],
};
const KINDS = { file: 'f', directory: 'd', symlink: 'L', hardlink: 'H', special: 'S' } as const;
const KIND_NAMES = {
  file: 'a file',
  directory: 'a folder',
  symlink: 'a symbolic link',
  hardlink: 'a file',
  special: 'a special file',
} as const;
/** In the order of the columns. A link's target is its content. */
const COLUMNS: readonly (readonly [letter: string, ...aspects: Aspect[]])[] = [
  ['c', 'content', 'target'],
  ['s', 'size', 'holes'],
  ['t', 'time'],
  ['p', 'mode'],
  ['o', 'owner'],
  ['g', 'group'],
  ['l', 'links'],
  ['x', 'xattrs'],
  ['f', 'flags'],
];

const LEGEND = [
  '+ made, nothing is there   > replaced, the content differs   . only attributes are set',
  '= linked otherwise: a name of the right file   ! replaced, it is of another kind   - removed',
  'f file   d folder   L symbolic link   H hard link   S special file',
  'c content   s size or holes   t time   p mode   o owner   g group   l links   x extended attributes   f flags',
];

/** One change on a line, in the manner of `rsync -i`: what is done, to what, and in what it differs. */
export function changeLine(change: Change, paint: Paint): string {
  const { action, kind, differs, there, otherNames = 0 } = change;
  const [mark, tone] = MARKS[action];
  const columns = COLUMNS.map(([letter, ...aspects]) => {
    if (action === 'make') return '+';
    if (action === 'remove' || action === 'kind') return ' ';
    return aspects.some((aspect) => differs.includes(aspect)) ? letter : '.';
  });
  const path = change.path.length === 0 ? '.' : printablePath(change.path);
  const notes = [
    ...(there === undefined ? [] : [`${KIND_NAMES[there]} is there`]),
    ...(otherNames > 0
      ? [
          `${formatCounted(otherNames, 'name')} elsewhere: what is there stays under ${otherNames === 1 ? 'it' : 'them'}`,
        ]
      : []),
  ];
  const folder = kind === 'directory' && path !== '.' ? '/' : '';
  const note = notes.length === 0 ? '' : `  ${paint('dim', `(${notes.join('; ')})`)}`;
  return `${paint(tone, `${mark}${KINDS[kind]}${columns.join('')}`)}  ${path}${folder}${note}`;
}

export function changeLegend(paint: Paint): string {
  return LEGEND.map((line) => `${paint('dim', `  ${line}`)}\n`).join('');
}

/** `12 missing, 3 with other content, …`: what is none is not said. */
export function changeWords(totals: ChangeTotals): string {
  const { make, content, kind, links, attributes, remove, bytes, namedElsewhere } = totals;
  const said: readonly (readonly [number, string])[] = [
    [make, 'missing'],
    [content, 'with other content'],
    [kind, 'of another kind'],
    [links, 'to be linked otherwise'],
    [attributes, 'with other attributes'],
    [remove, 'to be removed'],
  ];
  const words = said.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} ${what}`);
  if (words.length === 0) return 'none: all is as it was stored';
  const written = bytes > 0 ? `; ${formatSize(bytes)} in files` : '';
  const elsewhere =
    namedElsewhere > 0
      ? `; ${formatCounted(namedElsewhere, 'file')} with names elsewhere, which keep what they have`
      : '';
  return `${words.join(', ')}${written}${elsewhere}`;
}

/** The first of the changes that are told, in the order of the tree, but what would be removed before all else: it is lost. */
export class FirstChanges {
  readonly #most: number;
  readonly #removed: Change[] = [];
  readonly #others: Change[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  add(change: Change): void {
    const like = change.action === 'remove' ? this.#removed : this.#others;
    if (like.length < this.#most) like.push(change);
  }

  get all(): readonly Change[] {
    return [...this.#removed, ...this.#others].slice(0, this.#most);
  }
}

/**
 * Lists as many changes as a person wants to see at once, at the end, with what would be removed first; where no person reads, or with
 * --verbose, all of them as they are told.
 */
export class ChangeList {
  readonly #terminal: Terminal;
  readonly #most: number;
  readonly #first: FirstChanges | undefined;
  #count = 0;

  constructor(terminal: Terminal, most: number) {
    this.#terminal = terminal;
    this.#most = terminal.options.verbose || !terminal.showsData ? Number.POSITIVE_INFINITY : most;
    if (Number.isFinite(this.#most)) this.#first = new FirstChanges(most);
  }

  add(change: Change): void {
    this.#count++;
    if (this.#first === undefined) this.#list(change);
    else this.#first.add(change);
  }

  #list(change: Change): void {
    this.#terminal.data(`${changeLine(change, this.#terminal.paint.data)}\n`);
  }

  end(): void {
    if (this.#count === 0) return;
    for (const change of this.#first?.all ?? []) this.#list(change);
    const more = this.#count - this.#most;
    if (more > 0) this.#terminal.data(`and ${formatCount(more)} more; --verbose lists all\n`);
    this.#terminal.data(`\n${changeLegend(this.#terminal.paint.data)}\n`);
  }
}

/** The one JSON document of a dry run: its changes are written as they are told, because they may be more than memory holds. */
export class JsonChanges {
  readonly #terminal: Terminal;
  #stream: JsonStream | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  add({ path, ...change }: Change): void {
    this.#stream ??= new JsonStream(this.#terminal, {}, 'changes');
    this.#stream.add({ ...namedJson('path', path), ...change });
  }

  /** Writes the rest of the document: what is known at the end. */
  end(document: object): void {
    if (this.#stream === undefined) this.#terminal.json({ changes: [], ...document });
    else this.#stream.end(document);
  }
}

/** For whoever is asked: the first changes, and how many there are. */
export function changeSummary(first: readonly Change[], all: number, totals: ChangeTotals, paint: Paint): string {
  const lines = first.map((change) => `  ${changeLine(change, paint)}`);
  if (all > first.length) lines.push(`  and ${formatCount(all - first.length)} more; --dry-run lists all`);
  return `${lines.join('\n')}\n\n${changeLegend(paint)}\n  ${printable(changeWords(totals))}\n`;
}
