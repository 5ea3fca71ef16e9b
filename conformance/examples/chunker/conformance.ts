import type { ChunkerHarness } from 'holdfast/conformance';
import { plugin } from './index.ts';

/** What the suite needs to know: `npm run conformance` and conformance.test.ts take it from here. Small chunks are quick. */
export const harness: ChunkerHarness = { plugin, options: { average: 2048 }, contentDefined: true };
