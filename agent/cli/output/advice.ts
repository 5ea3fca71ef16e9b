import type { At, Diagnostic } from '../../config/diagnostic.ts';
import { printable } from './printable.ts';

/**
 * What a diagnostic says beside its message and the line itself, each in a line of its own that is safe to show. `place` writes
 * where something stands.
 */
export function adviceOf({ suggestion, hint, origin, related = [] }: Diagnostic, place: (at: At) => string): string[] {
  return [
    ...(suggestion === undefined ? [] : [`did you mean "${suggestion}"?`]),
    ...(hint === undefined ? [] : [`hint: ${hint}`]),
    ...(origin === undefined ? [] : [`origin: ${origin}`]),
    ...related.map(({ message, at }) => `see also: ${place(at)}: ${message}`),
  ].map(printable);
}
