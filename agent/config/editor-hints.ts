import { NAME_PATTERN } from './name.ts';
import { NOTATIONS } from './notation.ts';
import { isSchema, type Schema } from './plugin-options.ts';
import { branchesOf, defaultInWords, spellSize, takesSize } from './schema-words.ts';
import { HOST_PATTERN } from './vocabulary.ts';

/**
 * The schema with what editors show and JSON Schema has no word for; what it allows stays as it was. yaml-language-server and VS
 * Code read of it `markdownDescription` (on hover and beside a completion, in place of `description`; neither shows `default` by
 * itself), `patternErrorMessage`, and `title` (the heading of a hover, also of everything below, and the name of the completion
 * that writes all required fields). `title` is what the schema describes, where it has no title of its own.
 */
export function withEditorHints(schema: Schema, title?: string): Schema {
  const plain = asEnum(toldOnce(schema));
  const result: Record<string, unknown> = {};
  if (title !== undefined && plain['type'] === 'object') result['title'] = title;
  for (const [key, value] of Object.entries(plain)) result[key] = hintedPart(key, value, title);
  if (typeof result['default'] === 'number' && takesSize(plain)) result['default'] = spellSize(result['default']);
  const markdown = markdownOf(result);
  if (markdown !== undefined) result['markdownDescription'] = markdown;
  const message = patternMessage(plain);
  if (message !== undefined) result['patternErrorMessage'] = message;
  return result;
}

function hintedPart(key: string, value: unknown, title: string | undefined): unknown {
  switch (key) {
    case 'properties':
    case 'patternProperties':
      if (!isSchema(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, hintedField(name, part)]));
    case 'items':
    case 'additionalProperties':
      return hinted(value, title === undefined ? undefined : singular(title));
    case 'propertyNames':
      return isSchema(value) ? { title: 'name', ...nameWords(value), ...withEditorHints(value) } : value;
    case 'anyOf':
    case 'oneOf':
      return hinted(value, title);
    default:
      return value;
  }
}

/** Lists and named entries are told by the plural: what is below `jobs` is a job. Anything else by its own name. */
function hintedField(name: string, field: unknown): unknown {
  if (!isSchema(field)) return field;
  const several = field['type'] === 'array' || isSchema(field['additionalProperties']);
  const hintedAlone = withEditorHints(field, name);
  if (!several || 'title' in field) return hintedAlone;
  const { title: _, ...rest } = hintedAlone;
  return rest;
}

function hinted(value: unknown, title: string | undefined): unknown {
  if (Array.isArray(value)) return value.map((each) => hinted(each, title));
  return isSchema(value) ? withEditorHints(value, title) : value;
}

function singular(name: string): string {
  return name.replace(/ies$/, 'y').replace(/(?<=[a-z])s$/, '');
}

/**
 * Editors show what the branch says that was taken, in place of what the field says, and the examples of both. So only mappings
 * speak for themselves.
 */
function toldOnce(schema: Schema): Schema {
  if (typeof schema['description'] !== 'string') return schema;
  const told = (branches: unknown) => {
    return [branches].flat().map((branch) => (isSchema(branch) ? quiet(branch, schema) : branch));
  };
  const { anyOf, oneOf } = schema;
  return {
    ...schema,
    ...(anyOf !== undefined && { anyOf: told(anyOf) }),
    ...(oneOf !== undefined && { oneOf: told(oneOf) }),
  };
}

function quiet(branch: Schema, whole: Schema): Schema {
  if (branch['type'] === 'object') return branch;
  const { description: _, examples, ...rest } = branch;
  const inner = { ...rest, ...(Array.isArray(whole['examples']) || examples === undefined ? {} : { examples }) };
  const { anyOf } = inner as Schema;
  return Array.isArray(anyOf)
    ? { ...inner, anyOf: anyOf.map((each) => (isSchema(each) ? quiet(each, whole) : each)) }
    : inner;
}

/** A choice among constants is told by editors only when it is an `enum`. */
function asEnum(schema: Schema): Schema {
  const branches = branchesOf(schema);
  const same = branches.every(({ const: only, type, ...rest }) => {
    return typeof only === 'string' && (type ?? 'string') === 'string' && Object.keys(rest).length === 0;
  });
  if (branches.length === 0 || !same) return schema;
  const { anyOf: _, oneOf: __, ...rest } = schema;
  return { ...rest, type: 'string', enum: branches.map(({ const: only }) => only) };
}

function markdownOf(schema: Schema): string | undefined {
  const written = defaultInWords(schema);
  if (written === undefined || typeof schema['description'] !== 'string') return undefined;
  return `${escapeMarkdown(schema['description'])}\n\nDefault: ${written}`;
}

/** Code in backticks stays code. */
export function escapeMarkdown(text: string): string {
  return text.replace(/`[^`]*`|[\\*_[\]<>]/g, (found) => (found.startsWith('`') ? found : `\\${found}`));
}

/** What {@link NAME_PATTERN} says, in words. */
export const NAME_FORM = 'a-z or 0-9 first, then these and ".", "_", "-"; at most 64 characters';

function nameWords({ pattern }: Schema): Schema {
  if (pattern === NAME_PATTERN) return { description: `A name of your choice: ${NAME_FORM}.` };
  return pattern === HOST_PATTERN ? { description: 'The name of a host, or a pattern of names: `db-*`.' } : {};
}

function patternMessage({ pattern, examples }: Schema): string | undefined {
  if (pattern === NAME_PATTERN) return `This cannot be a name: ${NAME_FORM}`;
  if (pattern === HOST_PATTERN) return 'This can be no name of a host, and no pattern of names: db-*';
  const notation = NOTATIONS[String(pattern)];
  if (notation !== undefined) return `This is not ${notation.what}: ${notation.hint}`;
  const known = pattern !== undefined && Array.isArray(examples) && examples.length > 0;
  return known ? `This does not have the form of ${examples.join(', ')}` : undefined;
}
