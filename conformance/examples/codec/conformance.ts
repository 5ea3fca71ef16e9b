import type { CodecHarness } from 'holdfast/conformance';
import { plugin } from './index.ts';

/** What the suite needs to know: `npm run conformance` and conformance.test.ts take it from here. */
export const harness: CodecHarness = { plugin, options: { level: 6 }, detectsDamage: true };
