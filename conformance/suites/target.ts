import { describedCheck } from '../kit/described.ts';
import type { Suite } from '../kit/suite.ts';
import { bodyChecks } from './target-bodies.ts';
import type { TargetHarness } from './target-harness.ts';
import { interruptionCheck } from './target-interruption.ts';
import { keyChecks } from './target-keys.ts';
import { lifeChecks } from './target-life.ts';

export type { Place, TargetHarness } from './target-harness.ts';

/** The obligations of `Target`. */
export const targetSuite: Suite<TargetHarness> = {
  name: 'target',
  checks: [describedCheck, ...lifeChecks, ...bodyChecks, ...keyChecks, interruptionCheck],
};
