import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Place, TargetHarness } from 'holdfast/conformance';
import { plugin } from './index.ts';

async function place(below = ''): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'specimen-'));
  return {
    options: { path: join(folder, below) },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What the suite needs to know: `npm run conformance` and conformance.test.ts take it from here. */
export const harness: TargetHarness = {
  plugin,
  module: import.meta.resolve('./index.ts'),
  place: () => place(),
  absent: () => place('absent/folder'),
};
