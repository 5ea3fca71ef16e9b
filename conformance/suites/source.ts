import { describedCheck } from '../kit/described.ts';
import type { Suite } from '../kit/suite.ts';
import { backupChecks } from './source-backup.ts';
import type { SourceHarness } from './source-harness.ts';
import { inPlaceChecks } from './source-in-place.ts';
import { restoreChecks } from './source-restore.ts';

export type { RestorePlace, SampleSystem, SourceHarness } from './source-harness.ts';

/** The obligations of `Source`, for what backs up and restores whole; nothing of the agent is needed. */
export const sourceSuite: Suite<SourceHarness> = {
  name: 'source',
  checks: [describedCheck, ...backupChecks, ...restoreChecks, ...inPlaceChecks],
};
