import type { ErrorObject } from 'ajv';
import type { CodeName } from './codes.ts';
import type { Path } from './diagnostic.ts';
import { kindOf, label, show, TYPES } from './label.ts';
import { NAME_PATTERN } from './name.ts';
import { nearest } from './nearest.ts';
import { NOTATIONS } from './notation.ts';
import { isSchema, type Schema } from './plugin-options.ts';
import type { Problem } from './problem.ts';
import { HOST_PATTERN } from './vocabulary.ts';

/** What ajv found, in words for the person who wrote the policy. `base` is where in the policy the checked value stands. */
export function explainShape(error: ErrorObject, base: Path): Problem[] {
  const path = [...base, ...pointer(error.instancePath)];
  const schema = isSchema(error.parentSchema) ? error.parentSchema : {};
  switch (error.keyword) {
    case 'additionalProperties':
      return [unknownField(String(error.params['additionalProperty']), schema, path)];
    case 'required':
      return [missingField(String(error.params['missingProperty']), schema, path)];
    case 'pattern':
      return [
        error.propertyName === undefined
          ? misspelt(error.data, schema, path)
          : badName(error.propertyName, schema, path),
      ];
    // It comes with the error of its pattern, see above.
    case 'propertyNames':
      return [];
    case 'type':
      return [wrongType(error, schema, path)];
    case 'const':
    case 'enum':
      return [notAllowed(error.data, choicesOf(schema), schema, path)];
    case 'anyOf':
    case 'oneOf':
      return [noBranch(error.data, schema, path)];
    default:
      return [outOfRange(error, path)];
  }
}

function pointer(instancePath: string): string[] {
  const steps = instancePath.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function unknownField(name: string, schema: Schema, path: Path): Problem {
  const fields = fieldsOf(schema);
  const suggestion = nearest(name, Object.keys(fields));
  const home = Object.entries(fields).find(
    ([, field]) => isSchema(field) && isSchema(field['properties']) && name in field['properties'],
  );
  const known = Object.keys(fields).filter((field) => !field.startsWith('$'));
  const list = known.length === 0 ? 'nothing can stand here' : `known here: ${known.slice(0, 16).join(', ')}`;
  const hint =
    home !== undefined ? `"${name}" belongs under "${home[0]}"` : suggestion === undefined ? list : undefined;
  const right = home === undefined ? suggestion : undefined;
  return {
    code: 'HF2001',
    message: `unknown field "${name}"`,
    path: [...path, name],
    on: 'key',
    suggestion: right,
    hint,
  };
}

function missingField(name: string, schema: Schema, path: Path): Problem {
  const field = fieldOf(schema, name);
  const hint = typeof field['description'] === 'string' ? `${name}: ${field['description']}` : undefined;
  return { code: 'HF2002', message: `${label(path)} has no "${name}"`, path, on: 'key', hint, missing: name };
}

function badName(name: string, schema: Schema, path: Path): Problem {
  if (schema['pattern'] === HOST_PATTERN) {
    const message = `${JSON.stringify(name)} cannot be the name of a host`;
    return {
      code: 'HF2005',
      message,
      path: [...path, name],
      on: 'key',
      hint: 'a host name, or a pattern such as "db-*"',
    };
  }
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .replace(/-+$/, '')
    .slice(0, 64);
  return {
    code: 'HF2005',
    message: `"${name}" cannot be a name`,
    path: [...path, name],
    on: 'key',
    suggestion: new RegExp(NAME_PATTERN).test(plain) ? plain : undefined,
    hint: 'names begin with a-z or 0-9, go on with these and ".", "_", "-", and have at most 64 characters',
  };
}

function misspelt(data: unknown, schema: Schema, path: Path): Problem {
  const notation = NOTATIONS[String(schema['pattern'])];
  if (notation === undefined) {
    return {
      code: 'HF2012',
      message: `${show(data)} does not have the form of ${label(path)}`,
      path,
      on: 'value',
      hint: described(schema),
    };
  }
  const { code, what, hint, respell, tooLittle } = notation;
  if (typeof data === 'string' && tooLittle?.(data)) return outOfSense(data, schema, path);
  const suggestion = (typeof data === 'string' ? respell(data) : undefined) || undefined;
  return { code, message: `${show(data)} is not ${what}`, path, on: 'value', suggestion, hint };
}

function outOfSense(data: string, schema: Schema, path: Path): Problem {
  const message = `${label(path)} must be longer than nothing, not ${show(data)}`;
  return { code: 'HF2009', message, path, on: 'value', hint: described(schema) };
}

function wrongType(error: ErrorObject, schema: Schema, path: Path): Problem {
  if (schema['title'] === 'Secret') {
    const hint = 'write where it lies: {credential: name}, {env: NAME}, {file: path} or {command: [program, …]}';
    return {
      code: 'HF2011',
      message: `${label(path)} is a secret, and a secret is never written into a policy`,
      path,
      on: 'value',
      hint,
    };
  }
  if (typeof error.data === 'number' && String(schema['pattern']) in NOTATIONS)
    return misspelt(error.data, schema, path);
  const wanted = [error.params['type']].flat().map(String);
  const names = wanted.map((type) => TYPES[type] ?? type).join(' or ');
  const number = wanted.some((type) => type === 'integer' || type === 'number' || type === 'boolean');
  const quoted = number && typeof error.data === 'string' && /^(true|false|[-+]?[\d.]+)$/.test(error.data);
  const suggestion = quoted
    ? String(error.data)
    : wanted.includes('array') && typeof error.data === 'string'
      ? `[${error.data}]`
      : undefined;
  const message = `${label(path)} must be ${names}, not ${kindOf(error.data)}`;
  return { code: 'HF2003', message, path, on: 'value', suggestion, hint: described(schema) };
}

function choicesOf(schema: Schema): unknown[] {
  if (Array.isArray(schema['enum'])) return schema['enum'];
  return 'const' in schema ? [schema['const']] : [];
}

function notAllowed(data: unknown, choices: readonly unknown[], schema: Schema, path: Path): Problem {
  const list = choices.map(String).join(', ');
  if (path.length === 1 && path[0] === 'version') {
    const newer = typeof data === 'number' && data > 1;
    const message = `version ${show(data)} of the policy language is not supported`;
    const help = newer ? { hint: 'a newer holdfast may understand it' } : { suggestion: list };
    return { code: 'HF2013', message, path, on: 'value', ...help };
  }
  const near = typeof data === 'string' ? nearest(data, choices.map(String)) : undefined;
  const message = `${show(data)} is not possible for ${label(path)}; possible: ${list}`;
  const suggestion = choices.length === 1 ? list : near;
  return { code: 'HF2004', message, path, on: 'value', suggestion, hint: described(schema) };
}

function noBranch(data: unknown, schema: Schema, path: Path): Problem {
  const branches = [schema['anyOf'] ?? schema['oneOf']].flat().filter(isSchema);
  const choices = branches.flatMap(choicesOf);
  if (choices.length === branches.length) return notAllowed(data, choices, schema, path);
  const alike = branches.filter((branch) => choicesOf(branch).some((choice) => typeof choice === typeof data));
  if (alike.length > 0) return notAllowed(data, alike.flatMap(choicesOf), schema, path);
  const tag = tagOf(branches);
  if (tag !== undefined && isSchema(data)) return wrongTag(data, tag, branches, path);
  const types = [...new Set(branches.flatMap(typesOf))];
  const names = types.map((type) => TYPES[type] ?? type).join(' or ');
  return {
    code: 'HF2003',
    message: `${label(path)} must be ${names}, not ${kindOf(data)}`,
    path,
    on: 'value',
    hint: described(schema),
  };
}

function typesOf(branch: Schema): string[] {
  const choices = choicesOf(branch).map((choice) => typeof choice);
  return choices.length > 0 ? choices : [branch['type']].flat().map(String);
}

/** The field by which branches that are mappings are told apart: a constant in each. */
function tagOf(branches: readonly Schema[]): string | undefined {
  const [first] = branches.map(fieldsOf);
  return Object.keys(first ?? {}).find((name) =>
    branches.every((branch) => choicesOf(fieldOf(branch, name)).length > 0),
  );
}

function wrongTag(data: Schema, tag: string, branches: readonly Schema[], path: Path): Problem {
  const choices = branches.flatMap((branch) => choicesOf(fieldOf(branch, tag)));
  if (Object.hasOwn(data, tag)) return notAllowed(data[tag], choices, {}, [...path, tag]);
  const hint = `possible: ${choices.map(String).join(', ')}`;
  return { code: 'HF2002', message: `${label(path)} has no "${tag}"`, path, on: 'key', hint, missing: tag };
}

function fieldsOf(schema: Schema): Schema {
  return isSchema(schema['properties']) ? schema['properties'] : {};
}

function fieldOf(schema: Schema, name: string): Schema {
  const field = fieldsOf(schema)[name];
  return isSchema(field) ? field : {};
}

const RANGES: Readonly<Record<string, readonly [CodeName, string]>> = {
  minimum: ['HF2009', 'must be at least'],
  maximum: ['HF2009', 'must be at most'],
  exclusiveMinimum: ['HF2009', 'must be more than'],
  exclusiveMaximum: ['HF2009', 'must be less than'],
  multipleOf: ['HF2009', 'must be a multiple of'],
  minLength: ['HF2009', 'must have at least this many characters:'],
  maxLength: ['HF2009', 'must have at most this many characters:'],
  minItems: ['HF2010', 'must have at least this many entries:'],
  maxItems: ['HF2010', 'must have at most this many entries:'],
  minProperties: ['HF2010', 'must have at least this many fields:'],
  maxProperties: ['HF2010', 'must have at most this many fields:'],
};

function outOfRange(error: ErrorObject, path: Path): Problem {
  const { keyword, params, data } = error;
  if (keyword === 'uniqueItems') {
    const message = `${label(path)} names the same twice`;
    return {
      code: 'HF2010',
      message,
      path: [...path, Math.max(Number(params['i']), Number(params['j']))],
      on: 'value',
    };
  }
  const [code, words] = RANGES[keyword] ?? (['HF2012', error.message ?? 'is not as it must be'] as const);
  const limit: unknown = params['limit'] ?? params['multipleOf'];
  const not = typeof data === 'number' ? `, not ${data}` : '';
  return { code, message: `${label(path)} ${words}${limit === undefined ? '' : ` ${limit}`}${not}`, path, on: 'value' };
}

function described(schema: Schema): string | undefined {
  return typeof schema['description'] === 'string' ? schema['description'] : undefined;
}
