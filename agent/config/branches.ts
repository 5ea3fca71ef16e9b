import type { ErrorObject } from 'ajv';

/**
 * Takes the noise out of what ajv says of `anyOf` and `oneOf`: it reports the mistakes of every branch, though the writer
 * meant one of them. Kept are the mistakes of the branch that was meant: the one whose tag fits, or the one of the value's
 * type. When no branch was meant more than another, one error remains that names the whole choice.
 */
export function settleBranches(errors: readonly ErrorObject[]): ErrorObject[] {
  const choices = errors.filter((error) => error.keyword === 'anyOf' || error.keyword === 'oneOf');
  // The outermost first: what its settling drops need not be settled.
  choices.sort((a, b) => a.schemaPath.length - b.schemaPath.length);
  let rest = [...errors];
  for (const choice of choices) if (rest.includes(choice)) rest = settle(choice, rest);
  return rest;
}

function settle(choice: ErrorObject, errors: readonly ErrorObject[]): ErrorObject[] {
  const branches = new Map<string, ErrorObject[]>();
  const prefix = `${choice.schemaPath}/`;
  for (const error of errors) {
    if (!error.schemaPath.startsWith(prefix) || !isWithin(error.instancePath, choice.instancePath)) continue;
    const index = error.schemaPath.slice(prefix.length).split('/', 1)[0] ?? '';
    branches.set(index, [...(branches.get(index) ?? []), error]);
  }
  const inside = new Set([...branches.values()].flat());
  const meant = [...branches.values()].filter((branch) => !branch.some((error) => excludes(error, choice)));
  const outside = errors.filter((error) => !inside.has(error) && error !== choice);
  const [only] = meant;
  return only !== undefined && meant.length === 1 ? [...outside, ...only] : [...outside, choice];
}

function isWithin(path: string, whole: string): boolean {
  return path === whole || path.startsWith(`${whole}/`);
}

/** Whether the error says that its branch was not meant at all: another type, or another value of the tag. */
function excludes(error: ErrorObject, choice: ErrorObject): boolean {
  if (error.instancePath === choice.instancePath) return ['type', 'const', 'enum'].includes(error.keyword);
  const field = error.instancePath.slice(choice.instancePath.length + 1);
  return error.keyword === 'const' && !field.includes('/');
}
