import type { Diagnostic } from '../../../config/diagnostic.ts';
import type { Exit } from '../../exit.ts';
import type { Checkout } from './checkout.ts';

/** How `validate` says what it found: to people, to programs, and to the services that show it beside the lines. */
export type Format = 'text' | 'json' | 'github' | 'sarif' | 'junit';

/** A policy that was checked: all that any format says of it. */
export interface Validation {
  /** Whether it can be used: no errors and, with `--strict`, no warnings. */
  readonly valid: boolean;
  readonly exit: Exit;
  /** Warnings count as errors do. */
  readonly strict: boolean;
  /** What was read, absolute. */
  readonly files: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  /** How many jobs this host can run; undefined when there are errors, or variables that are not known here. */
  readonly jobs: number | undefined;
  readonly checkout: Checkout;
  /** Of the agent. */
  readonly version: string;
}

/** Whether this is what makes the policy unusable, and not only worth saying. */
export function fails({ severity }: Diagnostic, { strict }: Pick<Validation, 'strict'>): boolean {
  return severity === 'error' || (strict && severity === 'warning');
}
