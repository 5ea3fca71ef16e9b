import type { Diagnostic, Place } from './diagnostic.ts';

/**
 * Blots a secret that was written into a policy out of every line that is shown, its own and those of its neighbours:
 * diagnostics end up in the logs of CI. `secrets` are the places of such values.
 */
export function blotOut(diagnostics: readonly Diagnostic[], secrets: readonly Place[]): readonly Diagnostic[] {
  if (secrets.length === 0) return diagnostics;
  return diagnostics.map((diagnostic) => {
    let { sourceLine, lineBefore } = diagnostic;
    const { at, sourceColumn } = diagnostic;
    for (const { at: secret } of secrets) {
      if (secret.file !== at.file) continue;
      if (secret.line === at.line) sourceLine = blotted(sourceLine, secret, at.column - sourceColumn);
      else if (secret.line === at.line - 1 && lineBefore !== undefined) lineBefore = blotted(lineBefore, secret, 0);
    }
    return { ...diagnostic, sourceLine, ...(lineBefore !== undefined && { lineBefore }) };
  });
}

/** `cut`: how many columns of the line are not shown before what is. */
function blotted(line: string, { column, endColumn }: Place['at'], cut: number): string {
  const from = Math.max(0, column - 1 - cut);
  const to = Math.max(from, endColumn - 1 - cut);
  return line.slice(0, from) + line.slice(from, to).replace(/\S/g, '•') + line.slice(to);
}
