import { isSchema, type Schema } from './plugin-options.ts';

/**
 * The schema of a part that is laid over or under a whole: nothing is required of it, and what has a default keeps the one of
 * the whole. What is wrong with a merged whole, the agent finds where the part was written.
 */
export function partial(schema: Schema): Schema {
  const { required: _, default: __, minProperties: ___, oneOf, ...rest } = schema;
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries({ ...rest, ...(oneOf !== undefined && { anyOf: oneOf }) })) {
    result[key] = partialPart(key, value);
  }
  return result;
}

function partialPart(key: string, value: unknown): unknown {
  if (key === 'properties' && isSchema(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, partialAny(part)]));
  }
  // Lists are replaced as they are, so that their entries are whole.
  return key === 'additionalProperties' || key === 'anyOf' ? partialAny(value) : value;
}

function partialAny(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(partialAny);
  return isSchema(value) ? partial(value) : value;
}

const VARIABLE = '\\$\\{';

/**
 * The schema as it is for text in which variables still stand: what the agent checks after it has put in their values, an editor
 * cannot check. `const` stays: types and versions are no variables.
 */
export function withVariables(schema: Schema): Schema {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) result[key] = variablesPart(key, value);
  if (typeof result['pattern'] === 'string') result['pattern'] = `${result['pattern']}|${VARIABLE}`;
  const type = result['type'];
  if (type === 'integer' || type === 'number' || type === 'boolean') {
    const patternErrorMessage = `This is ${type === 'boolean' ? 'neither true nor false' : 'no number'}, and no variable: \${NAME}`;
    return 'const' in result ? result : { ...result, type: [type, 'string'], pattern: VARIABLE, patternErrorMessage };
  }
  if (!Array.isArray(result['enum'])) return result;
  const { enum: choices, enumDescriptions: meanings, type: _, ...rest } = result;
  const own = {
    ...(type !== undefined && { type }),
    enum: choices,
    ...(meanings !== undefined && { enumDescriptions: meanings }),
  };
  return { ...rest, anyOf: [own, { type: 'string', pattern: VARIABLE }] };
}

function variablesPart(key: string, value: unknown): unknown {
  if ((key === 'properties' || key === 'patternProperties') && isSchema(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, variablesAny(part)]));
  }
  if ((key === 'anyOf' || key === 'oneOf') && Array.isArray(value)) return variablesBranches(value);
  return SUBSCHEMAS.includes(key) ? variablesAny(value) : value;
}

const SUBSCHEMAS = ['items', 'additionalProperties'];

/** Where one branch is a text, variables are in that one; a second place for them would only confuse what editors say. */
function variablesBranches(branches: readonly unknown[]): unknown[] {
  const text = branches.some((branch) => isSchema(branch) && branch['type'] === 'string' && !('enum' in branch));
  return branches.map((branch) => {
    const number = isSchema(branch) && (branch['type'] === 'integer' || branch['type'] === 'number');
    return text && number ? branch : variablesAny(branch);
  });
}

function variablesAny(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(variablesAny);
  return isSchema(value) ? withVariables(value) : value;
}
