import { isSchema } from './plugin-options.ts';
import type { Problem } from './problem.ts';

/** A part of the language that nothing acts on yet. */
interface Part {
  /** Where it can stand; `*` is any name. */
  readonly path: readonly string[];
  readonly hint: string;
}

const IGNORED: readonly Part[] = [
  {
    path: ['jobs', '*', 'schedule'],
    hint: 'nothing starts jobs by itself: let cron or a systemd timer call `holdfast run`',
  },
  { path: ['limits', 'bandwidth'], hint: 'nothing is throttled' },
  { path: ['limits', 'nice'], hint: 'start the agent by `nice`' },
  { path: ['limits', 'io'], hint: 'start the agent by `ionice`' },
  { path: ['alerts'], hint: 'nobody is told; watch the exit code of `holdfast run`' },
  { path: ['notifiers'], hint: 'nobody is told; watch the exit code of `holdfast run`' },
  { path: ['plans'], hint: 'restore by hand: `holdfast restore`' },
  { path: ['retention', '*', 'lock'], hint: 'nothing is locked' },
  { path: ['retention', '*', 'erasure'], hint: 'nothing is erased' },
];

const KEPT: readonly { readonly path: readonly string[]; readonly message: string }[] = [
  { path: ['sources', '*', 'objectives'], message: '"objectives" are kept, but not measured yet' },
];

/**
 * Parts of the language that nothing acts on yet. A policy may have them, and is always told: what is ignored in silence is
 * believed to work. Each is told once, where it first stands.
 */
export function tellUnavailable(policy: unknown): Problem[] {
  const ignored = IGNORED.flatMap(({ path: at, hint }): Problem[] => {
    const [first, ...others] = placesOf(policy, at);
    if (first === undefined) return [];
    const more = others.length > 0 ? ` (and in ${others.length} more)` : '';
    const message = `"${first.at(-1)}" is not yet available, ignored${more}`;
    return [{ code: 'HF4901', message, path: first, on: 'key', hint }];
  });
  const kept = KEPT.flatMap(({ path: at, message }): Problem[] => {
    const [first] = placesOf(policy, at);
    return first === undefined ? [] : [{ code: 'HF4902', message, path: first, on: 'key' }];
  });
  return [...ignored, ...kept];
}

/** The places of a policy that a path with `*` in it fits. */
function placesOf(value: unknown, [step, ...rest]: readonly string[], above: readonly string[] = []): string[][] {
  if (step === undefined) return [[...above]];
  if (!isSchema(value)) return [];
  const names = step === '*' ? Object.keys(value) : Object.hasOwn(value, step) ? [step] : [];
  return names.flatMap((name) => placesOf(value[name], rest, [...above, name]));
}
