import type { CodeName } from './codes.ts';
import { nearest } from './nearest.ts';
import { isSchema } from './plugin-options.ts';
import type { Problem } from './problem.ts';

interface Reference {
  readonly field: string;
  readonly section: string;
  readonly what: string;
  readonly code: CodeName;
  /** Exists without being declared. */
  readonly builtin?: string;
}

const REFERENCES: readonly Reference[] = [
  { field: 'source', section: 'sources', what: 'source', code: 'HF3001' },
  { field: 'targets', section: 'targets', what: 'target', code: 'HF3002' },
  { field: 'pipeline', section: 'pipelines', what: 'pipeline', code: 'HF3003', builtin: 'standard' },
  { field: 'retention', section: 'retention', what: 'retention class', code: 'HF3004', builtin: 'default' },
  { field: 'recipients', section: 'recipients', what: 'recipient', code: 'HF3005' },
];

/**
 * Names in jobs that are declared nowhere. Works on policies with other mistakes too; `ruined` are sections that were
 * misspelt or are no mapping: of what they were meant to declare nothing can be said.
 */
export function checkReferences(policy: unknown, ruined: ReadonlySet<string>): Problem[] {
  const root = isSchema(policy) ? policy : {};
  const jobs = isSchema(root['jobs']) ? root['jobs'] : {};
  const problems: Problem[] = [];
  for (const reference of REFERENCES) {
    const section = root[reference.section];
    if (ruined.has(reference.section) || (section !== undefined && !isSchema(section))) continue;
    const declared = new Set(isSchema(section) ? Object.keys(section) : []);
    if (reference.builtin !== undefined) declared.add(reference.builtin);
    for (const [job, fields] of Object.entries(jobs)) {
      const named = isSchema(fields) ? fields[reference.field] : undefined;
      for (const [index, name] of [named].flat().entries()) {
        if (typeof name !== 'string' || name === '' || declared.has(name)) continue;
        const path = ['jobs', job, reference.field, ...(Array.isArray(named) ? [index] : [])];
        problems.push({ ...unknownName(name, reference, declared), path, on: 'value' });
      }
    }
  }
  return problems;
}

function unknownName(name: string, { what, section, code }: Reference, declared: ReadonlySet<string>) {
  const suggestion = nearest(name, declared);
  const list = [...declared].slice(0, 12).join(', ');
  const hint = declared.size === 0 ? `declare it under "${section}"` : `declared under "${section}": ${list}`;
  return {
    code,
    message: `there is no ${what} "${name}"`,
    suggestion,
    hint: suggestion === undefined ? hint : undefined,
  };
}
