import type { Kind, SecretReference } from '../contract/index.ts';
import type { Path } from './diagnostic.ts';
import { notifierSchema } from './entries.ts';
import { entrySchema, fieldSchema, isSchema, type Schema } from './plugin-options.ts';
import type { PluginSpec, Policy } from './policy.ts';
import type { PluginRegistry } from './registry.ts';

/** A reference to a secret, and where it stands in the policy. */
export interface FoundReference {
  readonly reference: SecretReference;
  readonly path: Path;
}

/** Every reference to a secret in what a policy configures. */
export function secretReferences(policy: Policy, registry: PluginRegistry): FoundReference[] {
  const within = (section: string, kind: Kind, specs: Readonly<Record<string, PluginSpec>>) =>
    Object.values(specs).flatMap(({ name, type, options }) => {
      const plugin = registry.get(kind, type);
      const schema = plugin === undefined ? notifierSchema(type) : entrySchema(plugin);
      return schema === undefined ? [] : referencesIn(schema, options, [section, name]);
    });
  return [
    ...within('sources', 'source', policy.sources),
    ...within('targets', 'target', policy.targets),
    ...within('notifiers', 'notifier', policy.notifiers),
  ];
}

function referencesIn(schema: Schema, value: unknown, path: Path): FoundReference[] {
  // The value was checked against the schema.
  if (schema['title'] === 'Secret') return isSchema(value) ? [{ reference: value as SecretReference, path }] : [];
  const branches = [schema['anyOf'], schema['oneOf']].flat().filter(isSchema);
  const found = branches.flatMap((branch) => referencesIn(branch, value, path));
  const { items } = schema;
  if (Array.isArray(value) && isSchema(items)) {
    found.push(...value.flatMap((item, index) => referencesIn(items, item, [...path, index])));
  }
  if (!isSchema(value)) return found;
  for (const [name, part] of Object.entries(value)) {
    const field = fieldSchema(schema, name);
    if (field !== undefined) found.push(...referencesIn(field, part, [...path, name]));
  }
  return found;
}
