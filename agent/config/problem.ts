import type { CodeName } from './codes.ts';
import { codes } from './codes.ts';
import type { Diagnostic, Path, Positions } from './diagnostic.ts';

/** A mistake that is known by the value it concerns; {@link locate} finds the place in the text. */
export interface Problem {
  readonly code: CodeName;
  readonly message: string;
  readonly path: Path;
  /** Whether the name or the value is at fault. */
  readonly on: 'key' | 'value';
  readonly suggestion?: string | undefined;
  readonly hint?: string | undefined;
  /** The field that HF2002 misses. */
  readonly missing?: string;
}

export function locate(problem: Problem, positions: Positions): Diagnostic {
  const { code, message, suggestion, hint } = problem;
  const origin = positions.originOf(problem.path);
  const place = problem.on === 'key' ? positions.keyAt(problem.path) : positions.valueAt(problem.path);
  return {
    severity: codes[code].severity,
    code,
    message,
    ...place,
    ...(suggestion === undefined ? {} : { suggestion }),
    ...(hint === undefined ? {} : { hint }),
    ...(origin === undefined ? {} : { origin }),
  };
}
