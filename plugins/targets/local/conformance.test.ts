import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conformanceTests, type Place, targetSuite } from 'holdfast/conformance';
import { plugin } from './index.ts';
import { plugin as withoutLinks } from './without-links.fixture.ts';

const places = { place: () => place(), absent: () => place('absent/repository') };

conformanceTests(targetSuite, { plugin, module: import.meta.resolve('./index.ts'), ...places });
conformanceTests(targetSuite, {
  plugin: withoutLinks,
  module: import.meta.resolve('./without-links.fixture.ts'),
  ...places,
});

async function place(below = ''): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-local-'));
  return {
    options: { path: join(folder, below) },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
