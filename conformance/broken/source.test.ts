import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runSuite } from '../kit/suite.ts';
import { sourceSuite } from '../suites/source.ts';
import { notesHarness, sourceFaults } from './source.ts';

async function failedChecks(fault: Parameters<typeof notesHarness>[0]): Promise<string[]> {
  const findings = await runSuite(sourceSuite, notesHarness(fault));
  return findings.filter(({ failure }) => failure !== undefined).map(({ failure }) => failure?.message ?? '');
}

describe('the source suite', () => {
  it('finds nothing wrong with a whole source', async () => {
    assert.deepEqual(await failedChecks(undefined), []);
  });

  for (const [check, fault] of Object.entries(sourceFaults)) {
    it(`sees, by exactly one check, a source of which it does not hold that ${check}`, async () => {
      const failed = await failedChecks(fault);
      assert.equal(failed.length, 1, failed.join('\n'));
      assert.ok(failed.join().startsWith(check), failed.join());
    });
  }

  it('sees one that says it can mask, and has no rules to mask by', async () => {
    const whole = notesHarness(undefined);
    const plugin = { ...whole.plugin, can: [...whole.plugin.can, 'mask'] as const };
    const findings = await runSuite(sourceSuite, { ...whole, plugin });
    const failed = findings.flatMap(({ failure }) => failure?.message ?? []);
    assert.equal(failed.length, 1, failed.join('\n'));
    assert.match(failed.join(), /^describes itself.*no option masks/s);
  });
});
