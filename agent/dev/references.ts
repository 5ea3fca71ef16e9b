/** What a TypeScript or JavaScript file refers to, found in its text alone: no compiler API is needed, and types count too. */

export interface Reference {
  /** `import`: any import, export-from, `import()`, `import('…')` type or `require`. `path`: a relative path in a string. */
  readonly kind: 'import' | 'path';
  readonly specifier: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export interface Name {
  readonly name: string;
  readonly line: number;
  readonly column: number;
}

interface Token {
  readonly kind: 'name' | 'string' | 'mark';
  readonly text: string;
  readonly at: number;
}

// A slash after one of these begins a regular expression; after a value it divides.
const beforeRegex = /^(?:[(,=:[!&|?{};+\-*%<>~^]|return|typeof|case|in|of|do|else|void|delete|await|yield|throw)$/;
const name = /[\p{ID_Start}$_#][\p{ID_Continue}$]*/uy;
const number = /\d[\w.]*/y;
const quoted = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y;
const regex = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y;
const comment = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const templatePart = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(`|\$\{)/y;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const braces: ('block' | 'template')[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const push = (kind: Token['kind'], tokenText: string, length: number) => {
    tokens.push({ kind, text: tokenText, at });
    at += length;
  };
  // A template without substitutions is a string like any other; the parts of one with them name nothing.
  const template = (continued: boolean) => {
    const start = at;
    at += 1;
    const part = take(templatePart);
    if (part === null) throw new Error(`a template literal does not end (offset ${start})`);
    const opens = part[1] === '${';
    if (opens) braces.push('template');
    at = start;
    push(continued || opens ? 'mark' : 'string', part[0].slice(0, -1), 1 + part[0].length);
  };
  while (at < text.length) {
    const character = text[at] ?? '';
    if (/\s/.test(character)) at += 1;
    else if (take(comment) !== null) at += take(comment)?.[0].length ?? 0;
    else if (character === '`') template(false);
    else if (character === '}' && braces.pop() === 'template') template(true);
    else {
      const last = tokens.at(-1);
      const startsValue = last === undefined || (last.kind !== 'string' && beforeRegex.test(last.text));
      const word = take(name) ?? take(number);
      const string = word === null ? take(quoted) : null;
      const pattern = startsValue ? take(regex) : null;
      if (word !== null) push('name', word[0], word[0].length);
      else if (string !== null) push('string', string[0].slice(1, -1), string[0].length);
      else if (pattern !== null) push('string', '', pattern[0].length);
      else {
        if (character === '{') braces.push('block');
        push('mark', character, 1);
      }
    }
  }
  return tokens;
}

function isImport(tokens: readonly Token[], i: number): boolean {
  const before = tokens[i - 1];
  if (before?.text === 'from' || before?.text === 'import') return before.kind === 'name';
  const called = tokens[i - 2];
  return before?.text === '(' && called?.kind === 'name' && (called.text === 'import' || called.text === 'require');
}

/** Everything `text` imports or names by a relative path, and every identifier in it, in order. */
export function readReferences(text: string): { readonly references: Reference[]; readonly names: Name[] } {
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map((end) => end.index + 1)];
  let line = 0;
  const position = (at: number) => {
    while ((lineStarts[line + 1] ?? Number.POSITIVE_INFINITY) <= at) line += 1;
    return { line: line + 1, column: at - (lineStarts[line] ?? 0) + 1 };
  };
  const references: Reference[] = [];
  const names: Name[] = [];
  tokenize(text).forEach((token, i, tokens) => {
    if (token.kind === 'name') names.push({ name: token.text, ...position(token.at) });
    if (token.kind !== 'string') return;
    if (isImport(tokens, i)) references.push({ kind: 'import', specifier: token.text, ...position(token.at) });
    else if (/^\.\.?\/.*\.(?:[cm]?[jt]s|json)$/.test(token.text)) {
      references.push({ kind: 'path', specifier: token.text, ...position(token.at) });
    }
  });
  return { references, names };
}
