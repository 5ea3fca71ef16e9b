import type { Validation } from './format.ts';

/** The document of `--json`. Diagnostics stand in it as `agent/config/diagnostic.ts` declares them. */
export function jsonDocument({ valid, files, diagnostics }: Validation): object {
  return { valid, files, diagnostics };
}
