import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml';
import type { Json } from '../contract/index.ts';
import type { Slip } from './syntax.ts';
import { expand, namesVariables, type Variables } from './variables.ts';

const DEEPEST = 64;
/** Values after aliases are expanded. A policy of 10 MB has about a million; an alias bomb has more than there are atoms. */
const MOST = 3_000_000;

interface Read {
  readonly value: Json;
  readonly size: number;
}

/**
 * Turns nodes into plain data. Does by itself what the parser's own conversion does too slowly (an alias costs it a walk
 * through the document, a repeated key a walk through the mapping) or too strictly (it allows 100 uses of an anchor).
 */
export class NodeReader {
  readonly slips: Slip[] = [];
  /** What there is to say of variables. */
  readonly remarks: Slip[] = [];
  /** What each alias stands for. */
  readonly aliases = new Map<Node, Node>();
  /** Scalars that name variables whose values are not known here. */
  readonly unknown = new Set<Node>();
  readonly #variables: Variables;
  readonly #anchors = new Map<string, Node>();
  readonly #known = new Map<Node, Read>();
  readonly #open = new Set<Node>();
  #full = false;

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  read(node: Node | null): Json {
    return this.#read(node, 0).value;
  }

  #read(node: Node | null, depth: number): Read {
    if (node === null || this.#full) return { value: null, size: 1 };
    if (isAlias(node)) return this.#alias(node, node.source, depth);
    if ('anchor' in node && typeof node.anchor === 'string') this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return { value: this.#scalar(node), size: 1 };
    if (depth > DEEPEST) return this.#refuse(node, 'HF1013', `this is nested more than ${DEEPEST} levels deep`);
    this.#open.add(node);
    const read = isMap(node) ? this.#map(node, depth) : isSeq(node) ? this.#list(node.items, depth) : none;
    this.#open.delete(node);
    this.#known.set(node, read);
    if (read.size > MOST && !this.#full) {
      this.#full = true;
      return this.#refuse(node, 'HF1008', `aliases expand this to more than ${MOST.toLocaleString('en')} values`);
    }
    return read;
  }

  #alias(node: Node, name: string, depth: number): Read {
    const target = this.#anchors.get(name);
    if (target === undefined) return this.#refuse(node, 'HF1008', `no anchor "&${name}" stands before this alias`);
    if (this.#open.has(target)) return this.#refuse(node, 'HF1008', `the alias "*${name}" contains itself`);
    this.aliases.set(node, target);
    return this.#known.get(target) ?? this.#read(target, depth);
  }

  #scalar(node: Scalar): Json {
    const { value } = node;
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    if (value === null || value === undefined) return null;
    if (typeof value !== 'string' || !namesVariables(value)) return String(value);
    const expansion = expand(value, node.type === 'PLAIN', this.#variables);
    if (expansion.unknown) this.unknown.add(node);
    const [start, end] = node.range ?? [0, 0];
    for (const remark of expansion.remarks) this.remarks.push({ ...remark, start, end });
    return expansion.value;
  }

  #list(items: readonly unknown[], depth: number): Read {
    let size = 1;
    const value: Json[] = [];
    for (const item of items) {
      const read = this.#read(isNode(item) ? item : null, depth + 1);
      size += read.size;
      value.push(read.value);
    }
    return { value, size };
  }

  #map(map: YAMLMap, depth: number): Read {
    const own = new Map<string, Json>();
    const merged = new Map<string, Json>();
    let size = 1;
    for (const pair of map.items) {
      const read = this.#read(isNode(pair.value) ? pair.value : null, depth + 1);
      size += read.size;
      if (isMergeKey(pair)) this.#merge(pair, read.value, merged);
      else this.#put(own, pair, read.value);
    }
    for (const [name, value] of merged) if (!own.has(name)) own.set(name, value);
    // fromEntries defines properties, so that a key `__proto__` is only a key.
    return { value: Object.fromEntries(own), size };
  }

  #put(own: Map<string, Json>, pair: Pair, value: Json): void {
    const name = keyName(pair);
    const key = isNode(pair.key) ? pair.key : undefined;
    if (name === undefined) {
      this.#refuse(key, 'HF1011', 'this key is not text');
    } else if (own.has(name)) {
      this.#refuse(key, 'HF1005', `"${name}" is written twice in this mapping; only one of them can be meant`);
    } else own.set(name, value);
  }

  #merge(pair: Pair, value: Json, into: Map<string, Json>): void {
    const sources: readonly Json[] = Array.isArray(value) ? value : [value];
    for (const source of sources) {
      if (source === null || typeof source !== 'object' || Array.isArray(source)) {
        const at = isNode(pair.value) ? pair.value : undefined;
        this.#refuse(at, 'HF1008', 'only mappings can be merged by "<<"');
        return;
      }
      for (const [name, part] of Object.entries<Json>(source)) if (!into.has(name)) into.set(name, part);
    }
  }

  #refuse(node: Node | undefined, code: Slip['code'], message: string): Read {
    const [start, end] = node?.range ?? [0, 0];
    this.slips.push({ code, message, start, end });
    return none;
  }
}

const none: Read = { value: null, size: 1 };

export function isMergeKey(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.value === '<<' && pair.key.type === 'PLAIN';
}

/** The text of a key; `undefined` when it is a list, a mapping, an alias or nothing. Numbers and booleans are text here. */
export function keyName(pair: Pair): string | undefined {
  if (!isScalar(pair.key) || pair.key.value === null) return undefined;
  return typeof pair.key.source === 'string' ? pair.key.source : String(pair.key.value);
}

export function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}
