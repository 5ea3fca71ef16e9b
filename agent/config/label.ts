import type { Path } from './diagnostic.ts';

/** Types of JSON Schema in words. */
export const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  null: 'empty',
};

export function kindOf(data: unknown): string {
  if (data === null) return 'empty';
  if (Array.isArray(data)) return 'a list';
  if (typeof data === 'object') return 'a mapping';
  return typeof data === 'string' ? 'text' : show(data);
}

/** What people call the value at `path`. */
export function label(path: Path): string {
  const [section, name] = path;
  if (section === undefined) return 'the policy';
  const kind = {
    jobs: 'job',
    sources: 'source',
    targets: 'target',
    pipelines: 'pipeline',
    recipients: 'recipient',
    holds: 'hold',
  }[section];
  if (path.length === 2 && kind !== undefined) return `${kind} "${name}"`;
  if (path.length === 2 && section === 'retention') return `retention class "${name}"`;
  const last = path.at(-1);
  return typeof last === 'number' || /^\d+$/.test(String(last))
    ? `entry ${Number(last) + 1} of "${path.at(-2)}"`
    : `"${last}"`;
}

/** A value as it is quoted in a message: short, and never a whole mapping. */
export function show(data: unknown): string {
  const text =
    typeof data === 'string'
      ? JSON.stringify(data)
      : data !== null && typeof data === 'object'
        ? kindOf(data)
        : String(data);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
