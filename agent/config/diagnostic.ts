/** Where something stands. Lines and columns count from 1, columns in UTF-16 units, as editors and SARIF count them. */
export interface At {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * A range on one line, with what is needed to show it. `sourceLine` is the line itself, or the part of a very long line
 * around the place; `sourceColumn` is where the place begins in it. Values of fields that look secret are blotted out.
 */
export interface Place {
  readonly at: At & { readonly endColumn: number };
  readonly sourceLine: string;
  readonly sourceColumn: number;
  readonly lineBefore?: string;
}

export type Severity = 'error' | 'warning' | 'note';

/** One thing to say about a policy, as `validate --json` prints it. */
export interface Diagnostic extends Place {
  readonly severity: Severity;
  /** A key of the table in codes.ts; never reused for another meaning. */
  readonly code: string;
  readonly message: string;
  /** What was probably meant, ready to be put in the place of what stands there. */
  readonly suggestion?: string;
  readonly hint?: string;
  /** Where a value that is not written here came from, in one line: `from defaults.jobs`. */
  readonly origin?: string;
  /** Other places that are concerned, and why each is. */
  readonly related?: readonly Related[];
}

export interface Related {
  readonly message: string;
  readonly at: At;
}

/** Keys and indexes from the root of a policy to one value. */
export type Path = readonly (string | number)[];

/** Where the values of a policy were written. A policy merged of several files answers with the file each value came from. */
export interface Positions {
  /** The name of the value: its key, or the value itself where it has no key. */
  keyAt(path: Path): Place;
  valueAt(path: Path): Place;
  /** Whether the value names a variable that is not known here, so that its form says nothing. */
  isUnknown(path: Path): boolean;
  /** How a value that is not written in its place came there: `from defaults.jobs`. */
  originOf(path: Path): string | undefined;
}

/** By place, then by severity: as one reads the file. */
export function compareDiagnostics(a: Diagnostic, b: Diagnostic): number {
  if (a.at.file !== b.at.file) return a.at.file < b.at.file ? -1 : 1;
  return a.at.line - b.at.line || a.at.column - b.at.column || weight(a.severity) - weight(b.severity);
}

function weight(severity: Severity): number {
  return ['error', 'warning', 'note'].indexOf(severity);
}
