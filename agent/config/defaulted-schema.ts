import { isSchema, type Schema } from './plugin-options.ts';

/** Sections whose entries may take what they need from `defaults`. */
const SECTIONS = ['jobs', 'sources', 'targets'];

/**
 * The schema of a policy in which entries need not have what defaults or included files may bring: asked for only where there
 * are neither, which JSON Schema can say (draft-07, 6.6), if at some length. The type of an entry stays where it is.
 */
export function withDefaultsAllowed(policy: Schema): Schema {
  const fields = isSchema(policy['properties']) ? policy['properties'] : {};
  const sections = SECTIONS.flatMap((name) => {
    const section = fields[name];
    const entry = isSchema(section) ? section['additionalProperties'] : undefined;
    return isSchema(section) && isSchema(entry) ? [{ name, section, entry }] : [];
  });
  const relaxed = sections.map(({ name, section, entry }) => [
    name,
    { ...section, additionalProperties: withoutRequired(entry) },
  ]);
  const needed = sections.map(({ name, entry }) => [name, { additionalProperties: requiredOf(entry) }]);
  return {
    ...policy,
    properties: { ...fields, ...Object.fromEntries(relaxed) },
    if: { anyOf: [{ required: ['defaults'] }, { required: ['include'] }] },
    else: { properties: Object.fromEntries(needed) },
  };
}

/** A description in a condition would be shown in place of the field's own. */
function requiredOf(entry: Schema): Schema {
  const branches = branchesOf(entry);
  if (branches.length === 0) return { required: entry['required'] ?? [] };
  const conditions = branches.map((branch) => {
    const type = isSchema(branch['properties']) ? branch['properties']['type'] : undefined;
    const fits = { required: ['type'], properties: { type: { const: isSchema(type) ? type['const'] : undefined } } };
    // Not `then`: an object that has one is taken for a promise.
    return { if: { not: fits }, else: { required: branch['required'] ?? [] } };
  });
  return { allOf: conditions };
}

function withoutRequired(entry: Schema): Schema {
  const branches = branchesOf(entry);
  if (branches.length > 0) return { ...entry, oneOf: branches.map((branch) => ({ ...branch, required: ['type'] })) };
  const { required: _, ...rest } = entry;
  return rest;
}

function branchesOf({ oneOf }: Schema): Schema[] {
  return Array.isArray(oneOf) ? oneOf.filter(isSchema) : [];
}
