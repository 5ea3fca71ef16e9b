import type { Json } from '../contract/index.ts';
import type { Diagnostic, Place } from './diagnostic.ts';

const SECRET_NAME = /(^|[_-])(password|passwd|passphrase|secret|token|webhook|((api|access|private|secret)[_-]?key))$/i;
const IN_URL = /:\/\/[^\s/:@]*:([^\s/@]+)@/;
/** What is shorter stands in too many other words. */
const SHORTEST = 4;

/** Secrets that somebody has written into a policy: the lines of each, as far as its field, or a URL, shows that it is one. */
export function writtenSecrets(content: Json): string[] {
  const found = new Set<string>();
  const seen = new Set<object>();
  const walk = (value: Json, suspect: boolean) => {
    if (typeof value === 'string') {
      const secret = suspect ? value : IN_URL.exec(value)?.[1];
      for (const line of secret?.split('\n') ?? []) if (line.trim().length >= SHORTEST) found.add(line.trim());
    } else if (typeof value === 'object' && value !== null && !seen.has(value)) {
      seen.add(value);
      const parts = Array.isArray(value)
        ? value.map((part): [string, Json] => ['', part])
        : Object.entries<Json>(value);
      for (const [name, part] of parts) walk(part, SECRET_NAME.test(name) || (suspect && !isReference(name, part)));
    }
  };
  walk(content, false);
  return [...found];
}

/** A place that a secret can lie in, written as one. */
function isReference(name: string, value: Json): boolean {
  if (name === 'env') return typeof value === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(value);
  if (name === 'credential') return typeof value === 'string' && /^[\w.@-]+$/.test(value);
  return name === 'file' || name === 'command';
}

/**
 * Blots secrets that were written into a policy out of everything that is shown: diagnostics end up in the logs of CI. `texts`
 * are such secrets, `places` those of values that a schema says are one.
 */
export function blotOut(
  diagnostics: readonly Diagnostic[],
  texts: readonly string[],
  places: readonly Place[],
): readonly Diagnostic[] {
  if (texts.length === 0 && places.length === 0) return diagnostics;
  return diagnostics.map((diagnostic) => withoutTexts(withoutPlaces(diagnostic, places), texts));
}

function withoutTexts(diagnostic: Diagnostic, texts: readonly string[]): Diagnostic {
  const clean = (text: string) => texts.reduce((rest, secret) => rest.replaceAll(secret, dotted(secret)), text);
  const { message, hint, suggestion, sourceLine, lineBefore } = diagnostic;
  return {
    ...diagnostic,
    message: clean(message),
    sourceLine: clean(sourceLine),
    ...(hint !== undefined && { hint: clean(hint) }),
    ...(suggestion !== undefined && { suggestion: clean(suggestion) }),
    ...(lineBefore !== undefined && { lineBefore: clean(lineBefore) }),
  };
}

function withoutPlaces(diagnostic: Diagnostic, places: readonly Place[]): Diagnostic {
  let { sourceLine, lineBefore } = diagnostic;
  const { at, sourceColumn } = diagnostic;
  for (const { at: secret } of places) {
    if (secret.file !== at.file) continue;
    if (secret.line === at.line) sourceLine = blotted(sourceLine, secret, at.column - sourceColumn);
    else if (secret.line === at.line - 1 && lineBefore !== undefined) lineBefore = blotted(lineBefore, secret, 0);
  }
  return { ...diagnostic, sourceLine, ...(lineBefore !== undefined && { lineBefore }) };
}

/** `cut`: how many columns of the line are not shown before what is. */
function blotted(line: string, { column, endColumn }: Place['at'], cut: number): string {
  const from = Math.max(0, column - 1 - cut);
  const to = Math.max(from, endColumn - 1 - cut);
  return line.slice(0, from) + dotted(line.slice(from, to)) + line.slice(to);
}

/** Letter by letter, so that columns hold. */
function dotted(text: string): string {
  return text.replace(/\S/g, '•');
}
