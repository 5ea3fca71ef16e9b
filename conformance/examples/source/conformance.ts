import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prose, type SourceHarness, sha256 } from 'holdfast/conformance';
import { plugin } from './index.ts';

/** The files of a folder by name, each by its digest. */
async function stateOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const digests = names.map(async (name) => [name, sha256(await readFile(join(folder, name)))] as const);
  return Object.fromEntries(await Promise.all(digests));
}

async function temporary() {
  const path = await mkdtemp(join(tmpdir(), 'specimen-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** What the suite needs to know: `npm run conformance` and conformance.test.ts take it from here. */
export const harness: SourceHarness = {
  plugin,
  async system() {
    const folder = await temporary();
    await writeFile(join(folder.path, 'empty'), '');
    await writeFile(join(folder.path, 'large'), prose(1, 300_000));
    await writeFile(join(folder.path, 'ünïcode and spaces'), 'short');
    return {
      ...folder,
      options: { folder: folder.path },
      state: () => stateOf(folder.path),
      async spoil() {
        const { empty: _, ...left } = await stateOf(folder.path);
        // Root may read everything: so it becomes something that is no file.
        await rm(join(folder.path, 'empty'));
        await symlink('nowhere', join(folder.path, 'empty'));
        return { what: 'empty', left };
      },
    };
  },
  async place() {
    const folder = await temporary();
    const into = join(folder.path, 'into');
    await mkdir(into);
    return {
      ...folder,
      into: { folder: into },
      state: () => stateOf(into),
      alter: () => writeFile(join(into, 'large'), 'changed'),
    };
  },
  async absent() {
    return { folder: '/nowhere/at all' };
  },
};
