import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, promises as fs, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { MemorySnapshot } from 'holdfast/conformance';
import { type Reader, type StoredEntry, unfinishedName } from 'holdfast/plugin';
import { codes, holding, marks, Protected, settle } from './protected.fixture.ts';
import { failureWith, makeSample, stateOf } from './sample.ts';

/** Same length and time as before: no look from outside tells that the content is another. */
async function alterUnseen(file: string, content: string): Promise<void> {
  const { atime, mtime } = await fs.stat(file);
  await fs.writeFile(file, content);
  await fs.utimes(file, atime, mtime);
}

/** The snapshot with another file in the place of the one at `path`. */
function withFile(
  snapshot: MemorySnapshot,
  path: string,
  change: (entry: Extract<StoredEntry, { kind: 'file' }>) => StoredEntry,
): Reader {
  return {
    parts: () => snapshot.parts(),
    bytes: (name) => snapshot.bytes(name),
    log: (name) => snapshot.log(name),
    selection: (patterns) => snapshot.selection(patterns),
    async *tree(name, patterns) {
      for await (const entry of snapshot.tree(name, patterns)) {
        const isIt = entry.kind === 'file' && Buffer.from(entry.path).toString('latin1') === path;
        yield isIt ? change(entry) : entry;
      }
    },
  };
}

describe('a restore in place', () => {
  it('touches nothing where nothing differs, and tells no change', async () => {
    await using it = await Protected.create(makeSample);
    const state = await stateOf(it.folder);
    const paths = Object.keys(state).filter((path) => !/[^ -~]|^attributes of/.test(path));
    const before = marks(it.folder, paths);
    const { told, restored } = await it.restore({ delete: true, compareContent: true });
    assert.deepEqual([told, restored.skipped], [[], []]);
    assert.deepEqual(marks(it.folder, paths), before);
    assert.deepEqual(await stateOf(it.folder), state);
  });

  it('sets attributes without content, replaces content, and leaves the times of folders as they were', async () => {
    await using it = await Protected.create(makeSample);
    const state = await stateOf(it.folder);
    const same = ['a', 'a/one', 'a/deeper', 'program', 'secret', 'a-b', 'link to a folder'];
    const before = marks(it.folder, same);
    const { ino } = await fs.stat(it.at('a.b'));
    await fs.chmod(it.at('a.b'), 0o600);
    await fs.utimes(it.at('x'.repeat(255)), 5, 5);
    await fs.appendFile(it.at('a/deeper/two'), 'more');
    await fs.rm(it.at('a/empty'));
    await fs.lutimes(it.at('dangling'), 7, 7);
    const { told, restored } = await it.restore();
    assert.deepEqual(restored.skipped, []);
    assert.deepEqual(
      told,
      [
        'attributes a.b mode',
        'attributes a time',
        'content a/deeper/two content size time',
        'make a/empty',
        'attributes dangling time',
        `attributes ${'x'.repeat(255)} time`,
      ].sort((a, b) => told.indexOf(a) - told.indexOf(b)),
    );
    assert.deepEqual(await stateOf(it.folder), state);
    assert.equal((await fs.stat(it.at('a.b'))).ino, ino, 'a file that has its content is not written again');
    const after = marks(it.folder, same);
    for (const path of ['a/one', 'program', 'secret', 'a-b', 'link to a folder'])
      assert.equal(after[path], before[path], path);
  });

  it('sees another content behind the same size and time only when it is told to read', async () => {
    await using it = await Protected.create(holding({ a: 'one', b: 'two' }));
    await alterUnseen(it.at('a'), 'eno');
    assert.deepEqual((await it.restore()).told, []);
    assert.deepEqual((await it.restore({ compareContent: true })).told, ['content a content']);
    assert.equal(await fs.readFile(it.at('a'), 'utf8'), 'one');
  });

  it('a file that was only touched is read, and keeps its content', async () => {
    await using it = await Protected.create(holding({ a: 'one', b: 'two' }));
    const { ino } = await fs.stat(it.at('a'));
    await fs.utimes(it.at('a'), 5, 5);
    await fs.writeFile(it.at('b'), 'owt');
    assert.deepEqual((await it.restore()).told, ['attributes a time', 'content b content time']);
    assert.equal((await fs.stat(it.at('a'))).ino, ino);
    assert.equal(await fs.readFile(it.at('b'), 'utf8'), 'two');
  });

  it('brings back what changed its kind, both ways, and a folder only with what is in it removed', async () => {
    const files = {
      'was a file': '1',
      'was a folder/a': '2',
      'was a folder/b': '3',
      link: '4',
      'full/': '',
      'also/x': '5',
    };
    await using it = await Protected.create(holding(files));
    const state = await stateOf(it.folder);
    for (const name of ['was a file', 'was a folder', 'link', 'full', 'also'])
      await fs.rm(it.at(name), { recursive: true });
    await fs.mkdir(it.at('was a file/with/more'), { recursive: true });
    await fs.symlink('/etc', it.at('was a folder'));
    await fs.mkdir(it.at('link'));
    await fs.writeFile(it.at('full'), '');
    await fs.symlink('.', it.at('also'));
    await assert.rejects(it.restore(), failureWith('RESTORE_CONFLICT'));
    const { told, restored } = await it.restore({ delete: true });
    assert.deepEqual(restored.skipped, []);
    assert.deepEqual(
      told.filter((line) => /^(kind|remove)/.test(line)).sort(),
      [
        'kind also',
        'kind full',
        'kind link',
        'kind was a file',
        'kind was a folder',
        'remove was a file/with',
        'remove was a file/with/more',
      ].sort(),
    );
    assert.deepEqual(await stateOf(it.folder), state);
  });

  it('does nothing that was not shown: what changed meanwhile is left and named', async () => {
    await using it = await Protected.create(holding({ a: '1', b: '2', c: '3', 'd/e': '4', f: '5' }));
    await fs.writeFile(it.at('a'), 'shown');
    await fs.writeFile(it.at('new'), 'shown');
    await fs.rm(it.at('c'));
    const { restored } = await it.restore({
      delete: true,
      async between() {
        await fs.writeFile(it.at('a'), 'written meanwhile');
        await fs.writeFile(it.at('b'), 'written meanwhile');
        await fs.writeFile(it.at('c'), 'made meanwhile');
        await fs.appendFile(it.at('new'), 'and more');
        await fs.writeFile(it.at('newer'), 'made meanwhile');
        await fs.rm(it.at('f'));
      },
    });
    assert.deepEqual(codes(restored), [
      ...['a', 'b', 'c'].map((name) => `${name} RESTORE_CHANGED`),
      '. RESTORE_NOT_REMOVED',
    ]);
    const said = restored.skipped.at(-1)?.failure.message;
    assert.equal(said, '2 that the snapshot does not have stayed, because 3 that it has could not be restored');
    assert.equal(await fs.readFile(it.at('a'), 'utf8'), 'written meanwhile');
    assert.equal(await fs.readFile(it.at('c'), 'utf8'), 'made meanwhile');
    assert.equal(await fs.readFile(it.at('new'), 'utf8'), 'shownand more');
    assert.equal(await fs.readFile(it.at('f'), 'utf8'), '5', 'what went away meanwhile is made');
    const again = await it.restore({ delete: true });
    assert.deepEqual(
      [again.restored.skipped, Object.keys(await stateOf(it.folder))],
      [[], ['', 'a', 'b', 'c', 'd', 'd/e', 'f']],
    );
  });

  it('does not remove what was not shown, or is another now', async () => {
    await using it = await Protected.create(holding({ a: '1' }));
    await fs.writeFile(it.at('new'), 'shown');
    await fs.writeFile(it.at('same'), 'shown');
    const { restored } = await it.restore({
      delete: true,
      async between() {
        await fs.appendFile(it.at('new'), 'and more');
        await fs.writeFile(it.at('newer'), 'made meanwhile');
      },
    });
    assert.deepEqual(codes(restored), ['new RESTORE_CHANGED', 'newer RESTORE_CHANGED']);
    assert.deepEqual((await fs.readdir(it.folder)).sort(), ['a', 'new', 'newer']);
  });

  it('leaves what is in a folder that makes room, when what it makes room for cannot be restored', async () => {
    await using it = await Protected.create(holding({ a: '1', b: '2' }));
    await fs.rm(it.at('a'));
    await holding({ 'a/mine': 'mine', other: 'mine too' })(it.folder);
    const damaged = withFile(it.snapshot, 'a', (entry) => ({
      ...entry,
      content: {
        ...entry.content,
        writeTo: async () => ({ code: 'CORRUPT', message: 'damaged', origin: 'repository', permanent: true }),
      },
    }));
    const { told, restored } = await it.restore({ delete: true, from: damaged });
    assert.deepEqual(told, ['attributes . time', 'remove a/mine', 'kind a', 'remove other']);
    assert.deepEqual(codes(restored), ['a CORRUPT', '. RESTORE_NOT_REMOVED']);
    assert.deepEqual((await fs.readdir(it.folder, { recursive: true })).sort(), ['a', 'a/mine', 'b', 'other']);
  });

  it('shows what a killed restore left before it removes it, and takes no file of somebody for that', async () => {
    await using it = await Protected.create(holding({ 'a/x': '1', 'a/.holdfast-0123456789abcdef': 'mine' }));
    const left = unfinishedName((await fs.stat(it.at('a'), { bigint: true })).ino);
    await fs.writeFile(it.at(`a/${left}`), 'half');
    await fs.writeFile(it.at('a/.holdfast-fedcba9876543210'), 'mine, and not in the snapshot');
    const { told, restored } = await it.restore();
    assert.deepEqual(
      told,
      ['attributes a time', `remove a/${left}`].sort((a, b) => told.indexOf(a) - told.indexOf(b)),
    );
    assert.deepEqual([restored.skipped, (restored.facts as { removed: number }).removed], [[], 1]);
    const names = ['.holdfast-0123456789abcdef', '.holdfast-fedcba9876543210', 'x'];
    assert.deepEqual((await fs.readdir(it.at('a'))).sort(), names);
    assert.deepEqual((await it.restore({ delete: true })).told, ['remove a/.holdfast-fedcba9876543210']);
  });

  it('knows the names of one link, FIFO or device from two that are alike', async () => {
    await using it = await Protected.create(async (folder) => {
      await fs.symlink('/nowhere', join(folder, 'link'));
      execFileSync('mkfifo', [join(folder, 'fifo')]);
      for (const name of ['link', 'fifo']) await fs.link(join(folder, name), join(folder, `${name} too`));
    });
    const state = await stateOf(it.folder);
    const names = ['link', 'fifo', 'link too', 'fifo too'];
    const before = marks(it.folder, names);
    assert.deepEqual((await it.restore({ delete: true })).told, []);
    assert.deepEqual(marks(it.folder, names), before);
    await fs.rm(it.at('link too'));
    await fs.symlink('/nowhere', it.at('link too'));
    await fs.rm(it.at('fifo'));
    await fs.writeFile(it.at('fifo'), '');
    await settle(it.folder);
    assert.deepEqual((await it.restore()).told, ['kind fifo', 'links fifo too links', 'links link too links']);
    assert.deepEqual(await stateOf(it.folder), state);
    assert.deepEqual((await it.restore()).told, []);
  });

  it('sets all twelve bits of a FIFO', async () => {
    await using it = await Protected.create(async (folder) => {
      execFileSync('mkfifo', [join(folder, 'fifo')]);
      await fs.chmod(join(folder, 'fifo'), 0o5751);
    });
    await fs.rm(it.at('fifo'));
    assert.deepEqual(codes((await it.restore()).restored), []);
    assert.equal((await fs.stat(it.at('fifo'))).mode & 0o7777, 0o5751);
    assert.deepEqual((await it.restore()).told, []);
  });

  it('leaves a file that is written to while the new one is being made', async () => {
    await using it = await Protected.create(holding({ a: 'stored' }));
    await fs.writeFile(it.at('a'), 'old content');
    const { restored } = await it.restore({
      from: altering(it.snapshot, () => fs.appendFile(it.at('a'), ', and more')),
    });
    assert.deepEqual(codes(restored), ['a RESTORE_CHANGED']);
    assert.equal(await fs.readFile(it.at('a'), 'utf8'), 'old content, and more');
    assert.deepEqual(await fs.readdir(it.folder), ['a'], 'nothing unfinished is left');
  });

  it('goes on after a failure, and then does only what is left', async () => {
    await using it = await Protected.create(holding({ a: '1', b: '2', 'sub/c': '3' }));
    const state = await stateOf(it.folder);
    for (const name of ['a', 'b', 'sub/c']) await fs.writeFile(it.at(name), 'other');
    const full = altering(it.snapshot, async (path) => {
      if (path.includes('/b')) return;
      throw new Error('full');
    });
    const failed = await it.restore({ from: full });
    assert.deepEqual(codes(failed.restored).sort(), ['a RESTORE_FULL', 'sub/c RESTORE_FULL']);
    assert.equal(await fs.readFile(it.at('a'), 'utf8'), 'other');
    const { told } = await it.restore();
    assert.deepEqual(told, ['content a content size time', 'content sub/c content size time']);
    assert.deepEqual(await stateOf(it.folder), state);
  });
});

/** A reader whose files do something before they are written; what throws is a full disk. */
function altering(from: MemorySnapshot, act: (path: string) => Promise<void>): Reader {
  return {
    parts: () => from.parts(),
    bytes: (part, range) => from.bytes(part, range),
    log: (log, position) => from.log(log, position),
    selection: (patterns) => from.selection(patterns),
    async *tree(part, patterns) {
      for await (const entry of from.tree(part, patterns)) {
        if (entry.kind !== 'file') yield entry;
        else {
          const { content } = entry;
          const name = `/${Buffer.from(entry.path).toString()}`;
          yield {
            ...entry,
            content: {
              read: (range) => content.read(range),
              compare: (path) => content.compare(path),
              async writeTo(path, attributes, options) {
                try {
                  await act(name);
                } catch (error) {
                  return { code: 'RESTORE_FULL', message: String(error), origin: 'source', permanent: false };
                }
                return content.writeTo(path, attributes, options);
              },
            },
          };
        }
      }
    },
  };
}

describe('hard links in place', () => {
  const linked = async (folder: string) => {
    await holding({ a: 'shared', alone: 'alone', 'sub/': '' })(folder);
    await fs.link(join(folder, 'a'), join(folder, 'b'));
    await fs.link(join(folder, 'a'), join(folder, 'sub/c'));
  };
  const inode = async (path: string) => (await fs.stat(path)).ino;

  it('all names get the new content, and stay one file', async () => {
    await using it = await Protected.create(linked);
    const state = await stateOf(it.folder);
    await fs.writeFile(it.at('b'), 'changed through one of them');
    const { told } = await it.restore();
    assert.deepEqual(told, ['content a content size time', 'links b links', 'links sub/c links']);
    assert.deepEqual(await stateOf(it.folder), state);
  });

  it('stay as they are when only attributes differ; one that was cut off is joined again', async () => {
    await using it = await Protected.create(linked);
    const state = await stateOf(it.folder);
    const before = await inode(it.at('a'));
    await fs.chmod(it.at('a'), 0o600);
    assert.deepEqual((await it.restore()).told, ['attributes a mode']);
    assert.equal(await inode(it.at('a')), before);
    await fs.rm(it.at('b'));
    await fs.writeFile(it.at('b'), 'shared');
    const { told } = await it.restore();
    assert.deepEqual(
      told.filter((line) => !line.startsWith('attributes .')),
      ['links b links'],
    );
    assert.equal(await inode(it.at('a')), before);
    assert.deepEqual(await stateOf(it.folder), state);
  });

  it('a name outside keeps what it has, which is said, and is never given attributes of ours', async () => {
    await using it = await Protected.create(holding({ a: 'one', b: 'two' }));
    const outside = join(it.folder, '../outside');
    await fs.link(it.at('a'), outside);
    await fs.link(it.at('b'), `${outside} 2`);
    await fs.chmod(it.at('a'), 0o4711);
    await fs.writeFile(it.at('b'), 'changed');
    const { told } = await it.restore();
    assert.deepEqual(told, ['links a mode links +1', 'content b content size time +1']);
    assert.equal((await fs.stat(outside)).mode & 0o7777, 0o4711, 'another name of the file may be anybody’s');
    assert.equal(await fs.readFile(`${outside} 2`, 'utf8'), 'changed');
    assert.equal((await fs.stat(it.at('a'))).nlink, 1);
    assert.equal(await fs.readFile(it.at('b'), 'utf8'), 'two');
  });

  it('files of their own are told apart when somebody made them one', async () => {
    await using it = await Protected.create(holding({ a: 'same', b: 'same' }));
    await fs.utimes(it.at('a'), 5, 5);
    await fs.utimes(it.at('b'), 5, 5);
    await it.capture();
    const state = await stateOf(it.folder);
    await fs.rm(it.at('b'));
    await fs.link(it.at('a'), it.at('b'));
    assert.deepEqual((await it.restore()).told.slice(-1), ['links b links']);
    assert.deepEqual(await stateOf(it.folder), state);
  });
});

describe('what the snapshot does not have', () => {
  it('stays without --delete, and with it goes, but never what may have been left out', async () => {
    const exclude = ['logs/', '*.tmp', '!keep.tmp'];
    await using it = await Protected.create(
      async (folder) => {
        await holding({
          'a/b': '1',
          'logs/old': 'excluded',
          'a/x.tmp': 'excluded',
          'cache/CACHEDIR.TAG': 'Signature: 8a477f597d28d172789f06886806bc55',
          'cache/data': 'excluded',
          'git/.ignore': 'build\n',
          'git/build/out': 'excluded',
          'git/source': '2',
        })(folder);
      },
      { exclude, excludeFiles: ['.ignore'], excludeCaches: true },
    );
    const before = Object.keys(await stateOf(it.folder));
    await holding({
      'new/deep/er/file': 'new',
      'new/logs/log': 'excluded',
      'new 2/file': 'new',
      'a/keep.tmp': 'new',
      'a/y.tmp': 'excluded',
      'cache/more': 'in a cache',
      'git/build/more': 'excluded',
      'git/.ignore': '# build is not mentioned any more, and made is new\nmade\n',
      'git/made': 'excluded today',
      'git/unmade': 'new',
    })(it.folder);
    await fs.rm(it.at('cache/CACHEDIR.TAG'));
    const without = await it.restore({ only: 'plan' });
    assert.deepEqual(
      without.told.filter((line) => line.startsWith('remove')),
      [],
    );
    const { told, restored } = await it.restore({ delete: true });
    assert.deepEqual(codes(restored), ['git/.ignore RESTORE_PATTERNS']);
    assert.deepEqual(
      told.filter((line) => line.startsWith('remove')),
      ['a/keep.tmp', 'git/unmade', 'new/deep/er/file', 'new/deep/er', 'new/deep', 'new 2/file', 'new 2'].map(
        (path) => `remove ${path}`,
      ),
    );
    const left = Object.keys(await stateOf(it.folder)).filter((path) => !before.includes(path));
    assert.deepEqual(left, ['a/y.tmp', 'cache/more', 'git/build/more', 'git/made', 'new', 'new/logs', 'new/logs/log']);
    assert.match(await fs.readFile(it.at('git/.ignore'), 'utf8'), /made/);
    assert.deepEqual((await it.restore({ delete: true })).told, [], 'nor does the second time remove anything');
  });

  it('is not guessed: other rules or paths than those of the snapshot are refused', async () => {
    await using it = await Protected.create(holding({ a: '1', 'logs/x': '2' }), { exclude: ['logs/'] });
    const refused = failureWith('RESTORE_ORIGIN');
    const options = { ...it.options, exclude: [] };
    await assert.rejects(it.restore({ options, delete: true }), refused);
    await assert.rejects(it.restore({ options, delete: true, into: { folder: it.folder } }), refused);
    assert.deepEqual((await it.restore({ options })).told, [], 'without --delete it does not matter');
    const others = { ...it.options, paths: [join(it.folder, '..')] };
    await assert.rejects(it.restore({ options: others }), refused);
    assert.equal(await fs.readFile(it.at('logs/x'), 'utf8'), '2');
  });

  it('goes only as far as it is selected', async () => {
    await using it = await Protected.create(holding({ 'a/1': '1', 'b/1': '1' }));
    await holding({ 'a/new': 'new', 'a/sub/new': 'new', 'b/new': 'new', new: 'new' })(it.folder);
    const { told } = await it.restore({ delete: true, select: ['a/'] });
    assert.deepEqual(
      told.filter((line) => line.startsWith('remove')),
      ['remove a/new', 'remove a/sub/new', 'remove a/sub'],
    );
  });

  it('is spared where the agent keeps its own, and so is what would be restored over it', async () => {
    await using it = await Protected.create(holding({ 'a/1': '1', 'state/keys': 'of then' }));
    await holding({ 'state/keys': 'of now', 'state/new': '', 'new/repository/packs/p': 'pack', 'new/else': '' })(
      it.folder,
    );
    const leave = [it.at('state'), it.at('new/repository'), it.at('not there')];
    const { told } = await it.restore({ delete: true, leave });
    assert.deepEqual(
      told.filter((line) => !line.includes(' time')),
      ['remove new/else'],
    );
    assert.equal(await fs.readFile(it.at('state/keys'), 'utf8'), 'of now');
    assert.equal(await fs.readFile(it.at('new/repository/packs/p'), 'utf8'), 'pack');
  });
});

describe('a restore in place that is to be led astray', () => {
  it('changes and removes nothing outside, whoever exchanges folders for links meanwhile', async () => {
    await using it = await Protected.create(holding({ 'a/b/c': '1', 'a/b/d': '2', 'z/y': '3' }));
    const outside = join(it.folder, '../outside');
    await holding({ 'b/c': 'not ours', 'b/new': 'not ours', 'new/deep/f': 'not ours' })(outside);
    const untouched = await stateOf(outside);
    const alter = async () => {
      await holding({ 'a/new/deep/f': 'new', 'a/b/new': 'new', 'a/b/c': 'changed' })(it.folder);
      await fs.rm(it.at('a/b/d'), { force: true });
    };
    await alter();
    const [real, aside, link] = [it.at('a'), join(it.folder, '../aside'), join(it.folder, '../link')];
    await fs.symlink('../outside', link);
    let exchanges = 0;
    /** In turns, at every file that is written and for every entry that is read. */
    const exchange = async () => {
      if (exchanges++ % 2 === 0) {
        renameSync(real, aside);
        renameSync(link, real);
      } else {
        renameSync(real, link);
        renameSync(aside, real);
      }
    };
    for (let start = 0; start < 8; start++) {
      let seen = 0;
      const racing: Reader = {
        ...altering(it.snapshot, exchange),
        async *tree(part, patterns) {
          for await (const entry of altering(it.snapshot, exchange).tree(part, patterns)) {
            if (seen++ >= start && seen % 2 === start % 2) await exchange();
            yield entry;
          }
        },
      };
      await it
        .restore({ from: racing, delete: true })
        .catch((error: unknown) => assert.match(String(error), /RESTORE_|restore|there/));
      if (exchanges % 2 === 1) await exchange();
      assert.deepEqual(await stateOf(outside), untouched);
      await alter();
    }
    assert.ok(exchanges > 20, `${exchanges}`);
    assert.deepEqual(codes((await it.restore({ delete: true })).restored), []);
    assert.deepEqual(await stateOf(outside), untouched);
  });
});

/** What another process does until it is killed: exchanges a folder for a link, and back. */
const EXCHANGING = `
const { renameSync } = require('node:fs');
const [real, aside, link] = process.argv.slice(1);
process.stdout.write('begun');
for (;;) {
  renameSync(real, aside);
  renameSync(link, real);
  renameSync(real, link);
  renameSync(aside, real);
}`;

it('a process that exchanges a folder for a link all the time leads no restore astray', async () => {
  await using it = await Protected.create(holding({ 'a/b': '1', 'a/c': '2', 'a/d/e': '3' }));
  const outside = join(it.folder, '../outside');
  await holding({ b: 'not ours', new: 'not ours', 'd/e': 'not ours', 'd/new': 'not ours' })(outside);
  const untouched = await stateOf(outside);
  const [aside, link] = [join(it.folder, '../aside'), join(it.folder, '../link')];
  await fs.symlink('../outside', link);
  for (let round = 0; round < 12; round++) {
    await holding({ 'a/b': 'changed', 'a/new': 'new', 'a/d/e': 'changed', 'a/d/new': 'new' })(it.folder);
    await fs.rm(it.at('a/c'), { force: true });
    const racer = spawn(process.execPath, ['-e', EXCHANGING, it.at('a'), aside, link]);
    const ended = once(racer, 'exit');
    await once(racer.stdout, 'data');
    // It may find anything there, and fail for it, and the racer may find what the restore made there.
    await it.restore({ delete: true }).catch((error: unknown) => assert.ok(error instanceof Error));
    racer.kill('SIGKILL');
    await ended;
    assert.deepEqual(await stateOf(outside), untouched, `round ${round}`);
    await fs.rm(link, { recursive: true, force: true });
    await fs.symlink('../outside', link);
    if (!existsSync(aside)) continue;
    await fs.rm(it.at('a'), { recursive: true, force: true });
    await fs.rename(aside, it.at('a'));
  }
});

describe('where a snapshot was captured', () => {
  it('one file goes back to its folder, which is left alone otherwise', async () => {
    await using it = await Protected.create(holding({ a: '1', other: '2' }));
    const options = { paths: [it.at('a')] };
    const one = Object.assign(it, { options });
    await one.capture();
    await fs.rm(it.at('a'));
    await fs.utimes(it.folder, 5, 5);
    const { told, plan } = await one.restore({ delete: true });
    assert.deepEqual([told, plan.place], [['make a'], it.folder]);
    assert.deepEqual((await fs.readdir(it.folder)).sort(), ['a', 'other']);
  });

  it('several paths go each to its place, and nothing beside them is touched or removed', async () => {
    await using it = await Protected.create(holding({ 'x/a': '1', 'y/z/b': '2', 'y/else/c': '3' }));
    Object.assign(it, { options: { paths: [it.at('x'), it.at('y/z')] } });
    await it.capture();
    await fs.rm(it.at('x'), { recursive: true });
    await fs.writeFile(it.at('y/z/new'), '');
    await fs.writeFile(it.at('y/new'), '');
    const above = marks(it.folder, ['y', 'y/else/c', 'y/else']);
    const { told, restored, plan } = await it.restore({ delete: true });
    assert.deepEqual(restored.skipped, []);
    assert.equal(plan.place, '/');
    const base = it.folder.slice(1);
    assert.deepEqual(told, [
      `make ${base}/x`,
      `make ${base}/x/a`,
      `attributes ${base}/y/z time`,
      `remove ${base}/y/z/new`,
    ]);
    assert.deepEqual((await fs.readdir(it.at('y'))).sort(), ['else', 'new', 'z']);
    assert.deepEqual(marks(it.folder, ['y', 'y/else/c', 'y/else']), above);
  });

  it('a folder that is lost comes back whole, with those above it', async () => {
    await using it = await Protected.create(makeSample);
    const state = await stateOf(it.folder);
    await fs.rm(it.folder, { recursive: true });
    const { restored } = await it.restore({ delete: true });
    assert.deepEqual(restored.skipped, []);
    assert.deepEqual(await stateOf(it.folder), state);
  });

  it('a snapshot that does not say it is not restored in place', async () => {
    await using it = await Protected.create(holding({ a: '1' }));
    const forgetful: Reader = {
      bytes: (part, range) => it.snapshot.bytes(part, range),
      log: (log, position) => it.snapshot.log(log, position),
      selection: (patterns) => it.snapshot.selection(patterns),
      tree: (part, patterns) => it.snapshot.tree(part, patterns),
      async *parts() {
        for await (const part of it.snapshot.parts()) yield { ...part, facts: { files: 1 } };
      },
    };
    await assert.rejects(it.restore({ from: forgetful }), failureWith('RESTORE_ORIGIN'));
    const { told } = await it.restore({ from: forgetful, into: { folder: it.folder } });
    assert.deepEqual(told, []);
  });
});
