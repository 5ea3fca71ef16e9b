import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Plugin } from '../contract/index.ts';
import { settleBranches } from './branches.ts';
import type { Path } from './diagnostic.ts';
import { entrySchema, isSchema, type Schema, strict } from './plugin-options.ts';
import type { Problem } from './problem.ts';
import { Skeleton } from './schema.ts';
import { explainShape } from './wording.ts';

// Plugins bring schemas of their own: what ajv does not know in them is for editors, and no reason to stop. That schemas are
// valid draft-07, and that code for them could be shorter, takes longer to find out than a policy takes to check.
const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  useDefaults: true,
  strict: false,
  validateFormats: false,
  validateSchema: false,
  meta: false,
  code: { optimize: false },
  logger: false,
});
const entries = new WeakMap<Plugin, { schema: Schema; validate: ValidateFunction }>();
const parts = new WeakMap<Schema, ValidateFunction>();
const skeletons = new Map<string, ValidateFunction<Skeleton>>();

/** Checks all but the options of plugins, and puts defaults into `value`. */
export function isSkeleton(value: unknown, problems: Problem[]): value is Skeleton {
  const validate = skeletonOf(isSchema(value) ? value : {});
  if (validate(value)) return true;
  problems.push(...explain(validate.errors ?? [], []));
  return false;
}

/** For the sections that a policy has. To make code for all that it might have takes longer than all else of checking it. */
function skeletonOf(policy: Schema): ValidateFunction<Skeleton> {
  const whole = isSchema(Skeleton) ? strict(Skeleton) : {};
  const sections = Object.entries(isSchema(whole['properties']) ? whole['properties'] : {});
  const isUsed = ([name, section]: [string, unknown]) => name in policy || (isSchema(section) && 'default' in section);
  const used = sections
    .filter(isUsed)
    .map(([name]) => name)
    .join();
  const known = skeletons.get(used);
  if (known !== undefined) return known;
  const properties = sections.map(([name, section]) => [name, isUsed([name, section]) ? section : {}]);
  const validate = ajv.compile<Skeleton>({ ...whole, properties: Object.fromEntries(properties) });
  skeletons.set(used, validate);
  return validate;
}

/** Checks one source, target or stage against the options of its plugin, whose defaults are put into `value`. */
export function checkEntry(plugin: Plugin, value: unknown, path: Path): { schema: Schema; problems: Problem[] } {
  let entry = entries.get(plugin);
  if (entry === undefined) {
    const schema = entrySchema(plugin);
    entry = { schema, validate: ajv.compile(schema) };
    entries.set(plugin, entry);
  }
  const { schema, validate } = entry;
  return { schema, problems: validate(value) ? [] : explain(validate.errors ?? [], path) };
}

/** Checks a value against a schema of the language itself, whose defaults are put into `value`. */
export function checkAgainst(schema: Schema, value: unknown, path: Path): Problem[] {
  let validate = parts.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(strict(schema));
    parts.set(schema, validate);
  }
  return validate(value) ? [] : explain(validate.errors ?? [], path);
}

function explain(errors: readonly ErrorObject[], path: Path): Problem[] {
  const settled = settleBranches(errors);
  // What is none of the values allowed need not be told their type.
  const choices = new Set(settled.flatMap(({ keyword, instancePath }) => (CHOICES.has(keyword) ? [instancePath] : [])));
  const told = settled.filter(({ keyword, instancePath }) => keyword !== 'type' || !choices.has(instancePath));
  const problems = told.flatMap((error) => explainShape(error, path));
  // A misspelt field is also a missing one; saying it once is enough.
  const misspelt = new Set(problems.map((problem) => `${problem.path.slice(0, -1).join('\0')}\0${problem.suggestion}`));
  return problems.filter(
    ({ code, path: at, missing }) => code !== 'HF2002' || !misspelt.has(`${at.join('\0')}\0${missing}`),
  );
}

const CHOICES = new Set(['const', 'enum']);
