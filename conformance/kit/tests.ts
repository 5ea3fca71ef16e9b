import { describe, it } from 'node:test';
import { runCheck, type Suite } from './suite.ts';

/**
 * Registers one node:test test per check of `suite`. This is all that a plugin's `conformance.test.ts` calls:
 *
 *     conformanceTests(targetSuite, { plugin, module: import.meta.resolve('./index.ts'), place });
 */
export function conformanceTests<H>(suite: Suite<H>, harness: H, options: { readonly timeoutMs?: number } = {}): void {
  describe(`conformance: ${suite.name}`, () => {
    for (const check of suite.checks) {
      it(check.name, async (test) => {
        const finding = await runCheck(check, harness, options.timeoutMs ?? 60_000);
        if (finding.facts !== undefined) test.diagnostic(JSON.stringify(finding.facts));
        if (finding.failure !== undefined) {
          throw new Error(`${finding.failure.message}\n  the contract: ${finding.failure.hint}`);
        }
      });
    }
  });
}
