import type { Problem } from '../problem.ts';
import { isMapping, type Layer, merge, movedBy, partOf, upper, withParts } from './layer.ts';

/** Sections whose entries have defaults, and whether these are written for each type of entry. */
const SECTIONS = [
  { name: 'jobs', typed: false },
  { name: 'sources', typed: true },
  { name: 'targets', typed: true },
] as const;

/** The policy with its own defaults under every entry they are meant for, and what to say of defaults nobody takes. */
export function withDefaults(policy: Layer): { policy: Layer; problems: Problem[] } {
  const problems: Problem[] = [];
  let result = policy;
  for (const { name, typed } of SECTIONS) {
    const defaults = partOf(policy, 'defaults', name);
    const section = partOf(policy, name);
    if (defaults === undefined || !isMapping(defaults.value)) continue;
    const taken = new Set<string>();
    if (section !== undefined) {
      result = withParts(result, new Map([[name, filled(section, defaults, { name, typed, taken })]]));
    }
    problems.push(...idle(defaults, { name, typed, taken }));
  }
  return { policy: result, problems };
}

interface Section {
  readonly name: string;
  readonly typed: boolean;
  /** Types whose defaults were taken; of a section without types, the section's own name. */
  readonly taken: Set<string>;
}

function filled(section: Layer, defaults: Layer, { name, typed, taken }: Section): Layer {
  if (!isMapping(section.value)) return section;
  const entries = new Map<string, Layer>();
  for (const entry of Object.keys(section.value)) {
    const written = partOf(section, entry);
    if (written === undefined || !isMapping(written.value)) continue;
    const type = typed ? written.value['type'] : name;
    if (typeof type !== 'string') continue;
    const own = typed ? partOf(defaults, type) : defaults;
    if (own === undefined || !isMapping(own.value)) continue;
    taken.add(type);
    const via = typed ? `from defaults.${name}.${type}` : `from defaults.${name}`;
    entries.set(entry, merge(movedBy(own, via), written, upper));
  }
  return withParts(section, entries);
}

function idle(defaults: Layer, { name, typed, taken }: Section): Problem[] {
  if (!typed) {
    if (taken.size > 0) return [];
    return [
      { code: 'HF4020', message: `no entry of "${name}" takes these defaults`, path: ['defaults', name], on: 'key' },
    ];
  }
  const types = isMapping(defaults.value) ? Object.keys(defaults.value) : [];
  return types
    .filter((type) => !taken.has(type))
    .map((type): Problem => {
      const message = `no entry of "${name}" is of type "${type}", so that nothing takes these defaults`;
      return { code: 'HF4020', message, path: ['defaults', name, type], on: 'key' };
    });
}
