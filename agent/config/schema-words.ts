import { SIZE_TEXT } from '../contract/index.ts';
import { NOTATIONS } from './notation.ts';
import { isSchema, type Schema } from './plugin-options.ts';

/** What a schema allows, as Markdown for people: `duration`, `list of paths`, `integer, 1 to 64`, its values. */
export function typeInWords(schema: Schema): string {
  const { const: only, enum: values, type, title } = schema;
  if (title === 'Secret') return 'secret';
  if (only !== undefined) return code(only);
  if (Array.isArray(values)) return values.map(code).join(', ');
  const branches = branchesOf(schema);
  if (branches.length > 0) return choiceInWords(branches);
  if (type === 'array') return isSchema(schema['items']) ? `list of ${plural(typeInWords(schema['items']))}` : 'list';
  if (type === 'object') return isSchema(schema['additionalProperties']) ? 'entries by name' : 'mapping';
  if (type === 'integer' || type === 'number') return `${type}${rangeOf(schema)}`;
  if (type === 'boolean') return '`true` or `false`';
  if (type === 'string') return textInWords(schema);
  return Array.isArray(type) ? orList(type.map((each) => typeInWords({ ...schema, type: each }))) : 'anything';
}

/** The branches of `anyOf` and `oneOf`. */
export function branchesOf({ anyOf, oneOf }: Schema): Schema[] {
  return [anyOf ?? oneOf].flat().filter(isSchema);
}

/** The default as it is written in a policy; undefined where there is none, or an empty mapping says nothing. */
export function defaultInWords({ default: value }: Schema): string | undefined {
  if (value === undefined || (isSchema(value) && Object.keys(value).length === 0)) return undefined;
  return code(value);
}

/** A number of bytes as the largest unit writes it without a fraction: `1MiB`. */
export function spellSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [count, unit] = [bytes, 0];
  while (count > 0 && count % 1024 === 0 && unit < units.length - 1) [count, unit] = [count / 1024, unit + 1];
  return `${count}${units[unit]}`;
}

/** Whether a size may be written here as people write it. */
export function takesSize(schema: Schema): boolean {
  return schema['pattern'] === SIZE_TEXT || branchesOf(schema).some(takesSize);
}

export function code(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** What may stand alone or as a list of the same is told once; a number where a size may stand is one of bytes. */
function choiceInWords(branches: readonly Schema[]): string {
  const words = branches.map(typeInWords);
  const repeats = ({ type, items }: Schema) => {
    return type === 'array' && isSchema(items) && items['type'] !== 'object' && words.includes(typeInWords(items));
  };
  const rest = branches.flatMap((branch, index) => (repeats(branch) ? [] : [words[index] ?? '']));
  const told = branches.some(takesSize) ? rest.map((each) => each.replace(/^integer/, 'bytes')) : rest;
  return `${orList([...new Set(told)])}${rest.length < branches.length ? '; or a list of them' : ''}`;
}

function textInWords({ pattern, format }: Schema): string {
  const notation = NOTATIONS[String(pattern)];
  if (notation !== undefined) return notation.what.replace(/^an? /, '');
  return format === 'path' ? 'path' : 'text';
}

function rangeOf({ minimum, maximum }: Schema): string {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `, at least ${minimum}`;
  return maximum === undefined ? '' : `, at most ${maximum}`;
}

const PLURAL: Readonly<Record<string, string>> = {
  text: 'texts',
  integer: 'integers',
  number: 'numbers',
  'time of day': 'times of day',
};

function plural(words: string): string {
  return PLURAL[words] ?? (/^(?:path|mapping|duration|size|rate|secret)$/.test(words) ? `${words}s` : words);
}

function orList(words: readonly string[]): string {
  const last = words.at(-1) ?? 'anything';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}
