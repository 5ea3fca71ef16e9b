import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { conformanceTests, type SourceHarness, sourceSuite } from 'holdfast/conformance';
import { definePlugin } from 'holdfast/plugin';
import { diskReader, type FolderReader } from './folder-reader.ts';
import { plugin } from './index.ts';
import { makeSample, stateOf, temporaryFolder } from './sample.ts';
import { FilesSource } from './source.ts';

// Root may read everything: so the file system itself says no, for the one path that was spoiled.
let spoiled: string | undefined;
const reader: FolderReader = {
  ...diskReader(),
  stat(path, done) {
    if (path === spoiled) return done(Object.assign(new Error('no'), { code: 'EACCES' }), undefined as never);
    diskReader().stat(path, done);
  },
};

const harness: SourceHarness = {
  plugin: definePlugin({ ...plugin, open: async (options, host) => new FilesSource(options, host, reader) }),
  async system() {
    const folder = await temporaryFolder();
    const path = join(folder.path, 'data');
    await fs.mkdir(path);
    await makeSample(path);
    return {
      options: { paths: [path] },
      state: () => stateOf(path),
      async spoil() {
        const state = await stateOf(path);
        delete state['a/empty'];
        spoiled = join(path, 'a/empty');
        return { what: 'a/empty', left: state };
      },
      async alter() {
        await fs.writeFile(join(path, 'a/deeper/two'), 'changed');
        await fs.rm(join(path, 'a/empty'));
        await fs.chmod(join(path, 'program'), 0o600);
      },
      async [Symbol.asyncDispose]() {
        spoiled = undefined;
        await folder[Symbol.asyncDispose]();
      },
    };
  },
  async place() {
    const folder = await temporaryFolder();
    const into = join(folder.path, 'into');
    await fs.mkdir(into);
    await fs.writeFile(join(folder.path, 'secret'), 'secret');
    return {
      into: { folder: into },
      state: () => stateOf(into),
      alter: () => fs.writeFile(join(into, 'a/deeper/two'), 'changed'),
      async outside() {
        const names = (await fs.readdir(folder.path)).filter((name) => name !== 'into');
        return Promise.all(names.map(async (name) => `${name} ${(await fs.stat(join(folder.path, name))).nlink}`));
      },
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  },
  async absent() {
    return { paths: ['/nowhere/at all'] };
  },
};

conformanceTests(sourceSuite, harness);
