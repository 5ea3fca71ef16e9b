import type { Validation } from './format.ts';

/** The document of `--json`. Diagnostics stand in it as `agent/config/diagnostic.ts` declares them. */
export function jsonDocument({ valid, files, diagnostics, recoveryKey }: Validation): object {
  return { valid, files, diagnostics, recoveryKeyOnThisHost: recoveryKey ?? null };
}
