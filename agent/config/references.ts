import type { CodeName } from './codes.ts';
import type { Path } from './diagnostic.ts';
import { nearest } from './nearest.ts';
import { stepsOf } from './plans.ts';
import { isSchema, type Schema } from './plugin-options.ts';
import type { Problem } from './problem.ts';

/** A field that holds a name, or a list of names, of what is declared in a section. */
interface Reference {
  readonly field: string;
  readonly section: string;
  readonly what: string;
  readonly code: CodeName;
  /** The names are keys of the field. */
  readonly keys?: true;
  /** Exists without being declared. */
  readonly builtin?: string;
}

/** Where references stand: entries of a section, with the fields of each that refer to something. */
interface Place {
  readonly entries: (root: Schema) => readonly (readonly [path: Path, fields: unknown])[];
  readonly references: readonly Reference[];
}

const PLACES: readonly Place[] = [
  {
    entries: (root) => entriesOf(root, 'jobs'),
    references: [
      { field: 'source', section: 'sources', what: 'source', code: 'HF3001' },
      { field: 'targets', section: 'targets', what: 'target', code: 'HF3002' },
      { field: 'pipeline', section: 'pipelines', what: 'pipeline', code: 'HF3003', builtin: 'standard' },
      { field: 'retention', section: 'retention', what: 'retention class', code: 'HF3004', builtin: 'default' },
      { field: 'recipients', section: 'recipients', what: 'recipient', code: 'HF3005' },
    ],
  },
  {
    entries: (root) => entriesOf(root, 'alerts'),
    references: [
      { field: 'notify', section: 'notifiers', what: 'notifier', code: 'HF3007' },
      { field: 'jobs', section: 'jobs', what: 'job', code: 'HF3009' },
      { field: 'targets', section: 'targets', what: 'target', code: 'HF3009' },
      { field: 'plans', section: 'plans', what: 'recovery plan', code: 'HF3009' },
    ],
  },
  {
    entries: (root) =>
      entriesOf(root, 'plans').flatMap(([path, plan]) =>
        isSchema(plan)
          ? stepsOf(String(path.at(-1)), plan).map((step): [Path, unknown] => [step.path, step.fields])
          : [],
      ),
    references: [
      { field: 'restore', section: 'sources', what: 'source', code: 'HF3008' },
      { field: 'plan', section: 'plans', what: 'recovery plan', code: 'HF3008' },
    ],
  },
  {
    entries: (root) => entriesOf(root, 'domains'),
    references: [
      { field: 'retention', section: 'retention', what: 'retention class', code: 'HF3011', builtin: 'default' },
    ],
  },
  {
    entries: (root) => entriesOf(root, 'retention'),
    references: [{ field: 'targets', section: 'targets', what: 'target', code: 'HF3012', keys: true }],
  },
  {
    entries: (root) => entriesOf(root, 'holds'),
    references: [{ field: 'jobs', section: 'jobs', what: 'job', code: 'HF3013' }],
  },
];

/**
 * Names that are declared nowhere. Works on policies with other mistakes too; `ruined` are sections that were misspelt or are
 * no mapping: of what they were meant to declare nothing can be said.
 */
export function checkReferences(policy: unknown, ruined: ReadonlySet<string>): Problem[] {
  const root = isSchema(policy) ? policy : {};
  const problems: Problem[] = [];
  for (const { entries, references } of PLACES) {
    const found = entries(root);
    for (const reference of references) {
      const declared = declaredIn(root, reference, ruined);
      if (declared === undefined) continue;
      for (const [path, fields] of found) problems.push(...unknownNames(fields, path, reference, declared));
    }
  }
  return problems;
}

function declaredIn(root: Schema, { section, builtin }: Reference, ruined: ReadonlySet<string>) {
  const entries = root[section];
  if (ruined.has(section) || (entries !== undefined && !isSchema(entries))) return undefined;
  const declared = new Set(isSchema(entries) ? Object.keys(entries) : []);
  if (builtin !== undefined) declared.add(builtin);
  return declared;
}

function unknownNames(fields: unknown, path: Path, reference: Reference, declared: ReadonlySet<string>): Problem[] {
  const named = isSchema(fields) ? fields[reference.field] : undefined;
  if (reference.keys) {
    return Object.keys(isSchema(named) ? named : {}).flatMap((name): Problem[] =>
      declared.has(name)
        ? []
        : [{ ...unknownName(name, reference, declared), path: [...path, reference.field, name], on: 'key' }],
    );
  }
  const names: unknown[] = Array.isArray(named) ? named : [named];
  return names.flatMap((name, index): Problem[] => {
    if (typeof name !== 'string' || name === '' || declared.has(name)) return [];
    const at = [...path, reference.field, ...(Array.isArray(named) ? [index] : [])];
    return [{ ...unknownName(name, reference, declared), path: at, on: 'value' }];
  });
}

function entriesOf(root: Schema, section: string): [Path, unknown][] {
  const entries = root[section];
  if (Array.isArray(entries)) return entries.map((entry: unknown, index) => [[section, index], entry]);
  return isSchema(entries) ? Object.entries(entries).map(([name, entry]) => [[section, name], entry]) : [];
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
