import { type Document, isMap, isScalar, isSeq, type Node, parseDocument, type YAMLMap } from 'yaml';
import type { Json } from '../contract/index.ts';
import { codes } from './codes.ts';
import type { Diagnostic, Path, Place, Positions } from './diagnostic.ts';
import { Excerpts } from './excerpt.ts';
import { isMergeKey, isNode, keyName, NodeReader } from './node-reader.ts';
import { explainSyntax, type Slip, UNCLOSED_BRACKET, UNCLOSED_QUOTE, UNQUOTED_VARIABLE } from './syntax.ts';
import { noVariables, type Variables } from './variables.ts';

/** Mistakes of the text that leave the rest of it readable. */
const HARMLESS: ReadonlySet<string> = new Set(['HF1005', 'HF1014']);

interface Entry {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

/** The text of one policy file as YAML 1.2 (of which JSON is a part), with the places of all its keys and values. */
export class PolicyDocument implements Positions {
  /** Absolute. */
  readonly file: string;
  readonly content: Json;
  readonly diagnostics: readonly Diagnostic[];
  /** The text could not be understood, so that `content` is not to be relied on. */
  readonly broken: boolean;
  readonly #excerpts: Excerpts;
  readonly #reader: NodeReader;
  readonly #root: Node | undefined;
  readonly #indexes = new WeakMap<YAMLMap, Map<string, Entry>>();

  constructor(file: string, source: string, variables: Variables = noVariables) {
    this.file = file;
    this.#reader = new NodeReader(variables);
    // A byte order mark would shift every column of the first line.
    const text = source.startsWith('\uFEFF') ? source.slice(1) : source;
    this.#excerpts = new Excerpts(file, text);
    const parsed = parse(text);
    this.#root = 'document' in parsed ? (parsed.document.contents ?? undefined) : undefined;
    this.content = this.#reader.read(this.#root ?? null);
    const slips = [...withoutConsequences([...parsed.slips, ...this.#reader.slips]), ...this.#reader.remarks];
    this.diagnostics = slips.map((slip) => this.#diagnostic(slip));
    this.broken = slips.some(({ code }) => code.startsWith('HF1') && !HARMLESS.has(code));
  }

  keyAt(path: Path): Place {
    const name = path.at(-1);
    const parent = this.#find(path.slice(0, -1));
    const key = isMap(parent) && name !== undefined ? this.#entries(parent).get(String(name))?.key : undefined;
    return key === undefined ? this.valueAt(path) : this.#place(key);
  }

  valueAt(path: Path): Place {
    const node = this.#find(path);
    // What is left empty has no place of its own; its name has.
    const empty = node === undefined || (isScalar(node) && node.value === null && node.source !== 'null');
    if (!empty || path.length === 0) return this.#place(node);
    const parent = this.#find(path.slice(0, -1));
    const key = isMap(parent) ? this.#entries(parent).get(String(path.at(-1)))?.key : undefined;
    return this.#place(key ?? parent);
  }

  isUnknown(path: Path): boolean {
    const node = this.#find(path);
    return node !== undefined && this.#reader.unknown.has(node);
  }

  originOf(): undefined {
    return undefined;
  }

  #find(path: Path): Node | undefined {
    let node = this.#root;
    for (const step of path) {
      const here = node === undefined ? undefined : this.#resolved(node);
      if (isMap(here)) node = this.#entries(here).get(String(step))?.value;
      else if (isSeq(here)) {
        const item: unknown = here.items[Number(step)];
        node = isNode(item) ? item : undefined;
      } else return undefined;
    }
    return node === undefined ? undefined : this.#resolved(node);
  }

  #resolved(node: Node): Node {
    return this.#reader.aliases.get(node) ?? node;
  }

  #entries(map: YAMLMap): Map<string, Entry> {
    const known = this.#indexes.get(map);
    if (known !== undefined) return known;
    const entries = new Map<string, Entry>();
    this.#indexes.set(map, entries);
    for (const pair of map.items) {
      const name = keyName(pair);
      if (isMergeKey(pair) || name === undefined || entries.has(name)) continue;
      entries.set(name, { key: nodeOf(pair.key), value: nodeOf(pair.value) });
    }
    for (const pair of map.items) if (isMergeKey(pair)) this.#inherit(nodeOf(pair.value), entries);
    return entries;
  }

  /** Adds what a merge key brings; what is there already stays. */
  #inherit(merged: Node | undefined, entries: Map<string, Entry>): void {
    const source = merged === undefined ? undefined : this.#resolved(merged);
    if (isSeq(source)) for (const item of source.items) this.#inherit(nodeOf(item), entries);
    if (!isMap(source)) return;
    for (const [name, entry] of this.#entries(source)) if (!entries.has(name)) entries.set(name, entry);
  }

  #place(node: Node | undefined): Place {
    const [start, end] = node?.range ?? [0, 0];
    return this.#excerpts.place(start, end);
  }

  #diagnostic(slip: Slip): Diagnostic {
    const { start, end, ...said } = slip;
    return { severity: codes[slip.code].severity, ...said, ...this.#excerpts.place(start, end) };
  }
}

function nodeOf(value: unknown): Node | undefined {
  return isNode(value) ? value : undefined;
}

function parse(text: string): { slips: Slip[]; document: Document.Parsed } | { slips: Slip[] } {
  const bottom = tooDeep(text);
  if (bottom !== undefined) return { slips: [nested(bottom)] };
  try {
    // Repeated keys are found by NodeReader, in linear time.
    const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false });
    const slips = [...document.errors, ...document.warnings].map((error) => explainSyntax(error, document, text));
    if (document.contents === null) slips.push(empty);
    return { document, slips };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { slips: [nested(0)] };
  }
}

function nested(start: number): Slip {
  return { code: 'HF1013', message: 'this is nested too deeply to be read', start, end: start + 1 };
}

/**
 * Where more brackets are open than anybody writes. The parser takes time in the square of its depth, so it is not asked.
 * Brackets in quotes and comments are counted too, which is why the bound is far above the depth that is allowed.
 */
function tooDeep(text: string): number | undefined {
  let depth = 0;
  for (const { 0: bracket, index } of text.matchAll(/[[\]{}]/g)) {
    depth = bracket === '[' || bracket === '{' ? depth + 1 : Math.max(0, depth - 1);
    if (depth > 1000) return index;
  }
  return undefined;
}

const empty: Slip = {
  code: 'HF1010',
  message: 'the policy is empty',
  start: 0,
  end: 1,
  hint: '`holdfast init` writes one to begin with',
};

/**
 * One slip makes the parser stumble on: an unclosed quote swallows the brackets around it, an unquoted variable opens some,
 * and is reported once.
 */
function withoutConsequences(slips: readonly Slip[]): readonly Slip[] {
  const deep = slips.filter(({ code }) => code === 'HF1013');
  if (deep.length > 0) return deep.slice(0, 1);
  const byStart = new Map<number, Slip>();
  const variables = slips.filter(({ message }) => message === UNQUOTED_VARIABLE);
  if (variables.length > 0) return variables;
  const quote = slips.some(({ message }) => message === UNCLOSED_QUOTE);
  for (const slip of slips) {
    if (byStart.has(slip.start) || (quote && slip.message === UNCLOSED_BRACKET)) continue;
    byStart.set(slip.start, slip);
  }
  return [...byStart.values()];
}
