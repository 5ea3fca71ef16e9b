import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { type BigIntStats, promises as fs, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setImmediate as setImmediately } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { Failure } from 'holdfast/plugin';
import { removeTree } from 'holdfast/system';
import { diskReader, type FolderReader } from './folder-reader.ts';
import { rawPath } from './raw-path.ts';
import { failureWith, temporaryFolder } from './sample.ts';
import type { Found } from './step.ts';
import { Walk, type WalkOptions } from './walk.ts';

function walkOf(base: string, options: Partial<WalkOptions> = {}): Walk {
  return new Walk({
    selection: { base: rawPath(base), branch: 'all' },
    exclude: [],
    excludeFiles: [],
    excludeCaches: false,
    oneFileSystem: false,
    parallel: 8,
    signal: new AbortController().signal,
    skip: (what, failure) => assert.fail(`${what}: ${failure.message}`),
    ...options,
  });
}

async function pathsIn(walk: Walk): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of walk) paths.push(path);
  return paths;
}

async function pathsOf(base: string, options: Partial<WalkOptions> = {}): Promise<string[]> {
  return pathsIn(walkOf(base, options));
}

interface Kept {
  readonly what: string;
  readonly failure: Failure;
}

function keeping(kept: Kept[]): Pick<WalkOptions, 'skip'> {
  return { skip: (what, failure) => kept.push({ what, failure }) };
}

/** What this process holds open there. */
function openBelow(folder: string): string[] {
  const paths = readdirSync('/proc/self/fd').map((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      return ''; // the one that listed them
    }
  });
  return paths.filter((path) => path.startsWith(folder));
}

const thisFile = fileURLToPath(import.meta.url);
const folderStats = lstatSync('/', { bigint: true });
const fileStats = lstatSync(thisFile, { bigint: true });

/** Folders, by path below /, that exist only here; a name that ends in `/` is a folder's. Answers come in any order. */
function imagined(folders: Readonly<Record<string, readonly string[]>>, delay = () => 0): FolderReader {
  const later = (answer: () => void) => (delay() === 0 ? setImmediate(answer) : queueMicrotask(answer));
  return {
    list: (folder, done) =>
      later(() =>
        done(
          null,
          (folders[folder] ?? []).map((name) => name.replace(/\/$/, '')),
        ),
      ),
    stat: (path, done) => later(() => done(null, path in folders ? folderStats : fileStats)),
    readLink: (_path, done) => later(() => done(null, '')),
  };
}

describe('Walk', () => {
  it('goes through folders depth first, siblings by their bytes', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['a/b/c', 'a-b', 'a.b/x', 'a0', 'Z', '\u00e9']) {
      await fs.mkdir(join(folder.path, name), { recursive: true });
    }
    await fs.writeFile(join(folder.path, 'a/b.c'), '');
    await fs.writeFile(Buffer.concat([Buffer.from(`${folder.path}/`), Buffer.of(0xff)]), '');
    const paths = await pathsOf(folder.path);
    assert.deepEqual(paths, ['', 'Z', 'a', 'a/b', 'a/b/c', 'a/b.c', 'a-b', 'a.b', 'a.b/x', 'a0', rawPath('é'), '\xff']);
  });

  it('gives the same order whatever order the answers come in', async () => {
    const name = fc.stringMatching(/^[a-c.\-\xff]{1,2}$/).filter((text) => text !== '.' && text !== '..');
    const tree = fc.array(fc.array(name, { minLength: 1, maxLength: 4 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        tree,
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.nat(1)),
        async (all, parallel, order) => {
          const folders: Record<string, string[]> = { '/': [] };
          for (const path of all) {
            for (const [at, part] of path.entries()) {
              const parent = `/${path.slice(0, at).join('/')}`;
              const names = folders[parent] ?? [];
              folders[parent] = names;
              if (!names.includes(part)) names.push(part);
            }
          }
          const expected: string[] = [''];
          const visit = (folder: string) => {
            for (const part of (folders[folder] ?? []).toSorted()) {
              const path = folder === '/' ? `/${part}` : `${folder}/${part}`;
              expected.push(path.slice(1));
              visit(path);
            }
          };
          visit('/');
          const reader = imagined(folders, () => order.next().value);
          assert.deepEqual(await pathsOf('/', { reader, parallel }), expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('looks into at most `parallel` folders at once', async () => {
    const names = Array.from({ length: 100 }, (_, n) => `f${n}`);
    const reader = imagined({ '/': names, ...Object.fromEntries(names.map((name) => [`/${name}`, ['x', 'y']])) });
    let open = 0;
    let most = 0;
    const counting: FolderReader = {
      ...reader,
      list(folder, done) {
        most = Math.max(most, ++open);
        reader.list(folder, (error, found) => {
          open--;
          done(error, found);
        });
      },
    };
    assert.equal((await pathsOf('/', { reader: counting, parallel: 3 })).length, 301);
    assert.equal(most, 3);
  });

  it('reads no further ahead than it must of a folder of 100,000 names', async () => {
    const names = Array.from({ length: 100_000 }, (_, n) => `f${n}`);
    const reader = imagined({ '/': names });
    let asked = 0;
    let taken = 0;
    let furthest = 0;
    const stat: FolderReader['stat'] = (path, done) => {
      furthest = Math.max(furthest, ++asked - taken);
      reader.stat(path, done);
    };
    for await (const _ of walkOf('/', { reader: { ...reader, stat } })) {
      // Whoever consumes takes its time over the first.
      if (taken++ === 1) for (let turn = 0; turn < 500; turn++) await setImmediately();
    }
    assert.equal(taken, 100_001);
    assert.ok(furthest < 10_000, `${furthest} entries ahead`);
  });

  it('walks a tree 1,000 folders deep', async () => {
    await using folder = await temporaryFolder();
    await fs.mkdir(join(folder.path, 'd/'.repeat(1000)), { recursive: true });
    const paths = await pathsOf(folder.path, { exclude: ['*.log'] });
    assert.equal(paths.length, 1001);
    assert.equal(paths.at(-1)?.length, 1999);
  });

  it('goes on below paths that are longer than a system call takes, and keeps patterns and caches there', async () => {
    const folder = await temporaryFolder();
    await using _ = { [Symbol.asyncDispose]: () => removeTree(folder.path) };
    const names = Array.from({ length: 40 }, () => 'n'.repeat(255));
    const steps = ['for name; do mkdir "$name" && cd -P "$name" || exit 1; done', 'mkdir cache', 'ln -s nowhere link'];
    const files = ["echo '*.log' >.gitignore", 'touch a.log kept cache/left-out'];
    const tag = "printf 'Signature: 8a477f597d28d172789f06886806bc55' >cache/CACHEDIR.TAG";
    const script = [...steps, ...files, tag].join('; ');
    execFileSync('sh', ['-c', script, 'sh', ...names], { cwd: folder.path });
    await fs.writeFile(join(folder.path, 'z'), '');
    const deep = names.join('/');
    const found: Found[] = [];
    for await (const one of walkOf(folder.path, { excludeCaches: true, excludeFiles: ['.gitignore'] })) found.push(one);
    assert.deepEqual(
      found.map(({ path }) => path),
      [
        ...names.map((_, depth) => names.slice(0, depth).join('/')),
        deep,
        ...['.gitignore', 'cache', 'cache/CACHEDIR.TAG', 'kept', 'link'].map((name) => `${deep}/${name}`),
        'z',
      ],
    );
    assert.equal(found.find(({ path }) => path === `${deep}/link`)?.link, 'nowhere');
    assert.equal(openBelow(folder.path).length, 0, 'folders are still open');
  });

  it('follows no link, not even one to a folder', async () => {
    await using folder = await temporaryFolder();
    await fs.mkdir(join(folder.path, 'a'));
    await fs.symlink('..', join(folder.path, 'a/up'));
    await fs.symlink('a', join(folder.path, 'b'));
    assert.deepEqual(await pathsOf(folder.path), ['', 'a', 'a/up', 'b']);
  });

  it('ends at once when it is aborted, also while it waits', async () => {
    const controller = new AbortController();
    const reader: FolderReader = { ...diskReader(), list: () => controller.abort(new Error('enough')) }; // never answers
    await assert.rejects(pathsOf('/', { reader, signal: controller.signal }), /enough/);
    const later = new AbortController();
    const walk = walkOf('/', { reader: imagined({ '/': ['a', 'b'] }), signal: later.signal });
    const seen: string[] = [];
    await assert.rejects(async () => {
      for await (const { path } of walk) {
        seen.push(path);
        if (path === 'a') later.abort(new Error('enough'));
      }
    }, /enough/);
    assert.deepEqual(seen, ['', 'a']);
  });
});

describe('Walk, when something vanishes or cannot be read', () => {
  const stat = (answers: Readonly<Record<string, string>>): FolderReader => {
    const reader = imagined({ '/': ['a', 'b', 'c'], '/b': ['in b'] });
    const error = (code: string) => Object.assign(new Error(code), { code });
    return {
      list: (path, done) =>
        answers[`list ${path}`] ? done(error(answers[`list ${path}`] ?? ''), []) : reader.list(path, done),
      stat: (path, done) =>
        answers[path] ? done(error(answers[path]), undefined as unknown as BigIntStats) : reader.stat(path, done),
      readLink: reader.readLink,
    };
  };

  for (const [answer, code, what, left] of [
    [{ '/a': 'ENOENT' }, 'SOURCE_VANISHED', 'a', ['', 'b', 'b/in b', 'c']],
    [{ '/a': 'EACCES' }, 'SOURCE_DENIED', 'a', ['', 'b', 'b/in b', 'c']],
    [{ '/a': 'EIO' }, 'SOURCE_IO', 'a', ['', 'b', 'b/in b', 'c']],
    [{ 'list /b': 'ENOENT' }, 'SOURCE_VANISHED', 'b', ['', 'a', 'b', 'c']],
    [{ 'list /b': 'ENOTDIR' }, 'SOURCE_VANISHED', 'b', ['', 'a', 'b', 'c']],
    [{ 'list /b': 'EACCES' }, 'SOURCE_DENIED', 'b', ['', 'a', 'b', 'c']],
  ] as const) {
    it(`says ${code} for ${JSON.stringify(answer)} and keeps the rest`, async () => {
      const kept: Kept[] = [];
      assert.deepEqual(await pathsOf('/', { reader: stat(answer), ...keeping(kept) }), left);
      assert.deepEqual(
        kept.map((one) => [one.what, one.failure.code, one.failure.origin]),
        [[what, code, 'source']],
      );
    });
  }

  it('fails when the root itself is gone', async () => {
    await assert.rejects(pathsOf('/', { reader: stat({ '/': 'ENOENT' }) }), failureWith('SOURCE_VANISHED'));
  });

  it('names a file that is deleted between listing and looking at it, with its name made printable', async () => {
    await using folder = await temporaryFolder();
    await fs.writeFile(join(folder.path, 'kept'), '');
    await fs.writeFile(join(folder.path, 'new\nline\u202e'), '');
    const reader: FolderReader = {
      ...diskReader(),
      list: (path, done) =>
        diskReader().list(path, (error, names) => {
          void fs.rm(join(folder.path, 'new\nline\u202e')).then(() => done(error, names));
        }),
    };
    const kept: Kept[] = [];
    assert.deepEqual(await pathsOf(folder.path, { reader, ...keeping(kept) }), ['', 'kept']);
    assert.deepEqual(
      kept.map(({ what }) => what),
      ['new\\x0aline\\xe2\\x80\\xae'],
    );
  });
});

describe('Walk, leaving things out', () => {
  it('follows gitignore patterns, case sensitive, and never enters what is excluded', async () => {
    const reader = imagined({
      '/': ['A.log', 'a.LOG', 'logs/', 'x/', 'node_modules/'],
      '/logs': ['1'],
      '/x': ['logs/', 'a.log', 'keep.log', 'node_modules'],
      '/x/logs': ['2'],
      '/node_modules': ['y'],
    });
    const listed: string[] = [];
    const watched: FolderReader = {
      ...reader,
      list(path, done) {
        listed.push(path);
        reader.list(path, done);
      },
    };
    const walk = walkOf('/', { reader: watched, exclude: ['*.log', '!keep.log', '/logs', 'node_modules/'] });
    const paths = await pathsIn(walk);
    assert.deepEqual(paths, ['', 'a.LOG', 'x', 'x/keep.log', 'x/logs', 'x/logs/2', 'x/node_modules']);
    assert.deepEqual(listed.sort(), ['/', '/x', '/x/logs']);
    assert.equal(walk.excluded, 4);
  });

  it('takes patterns from files, each for its own folder, the deepest first', async () => {
    await using folder = await temporaryFolder();
    const at = (name: string) => join(folder.path, name);
    await fs.mkdir(at('a/b'), { recursive: true });
    await fs.writeFile(at('.gitignore'), '*.tmp\n/only-here\n');
    await fs.writeFile(at('a/.gitignore'), '!keep.tmp\n');
    for (const name of ['x.tmp', 'only-here', 'a/only-here', 'a/keep.tmp', 'a/b/keep.tmp', 'a/b/y.tmp', 'a/b/c']) {
      await fs.writeFile(at(name), '');
    }
    const paths = await pathsOf(folder.path, { excludeFiles: ['.gitignore'] });
    const expected = [
      '',
      '.gitignore',
      'a',
      'a/.gitignore',
      'a/b',
      'a/b/c',
      'a/b/keep.tmp',
      'a/keep.tmp',
      'a/only-here',
    ];
    assert.deepEqual(paths, expected);
  });

  it('does not change when files of patterns and tags were last read', async () => {
    await using folder = await temporaryFolder();
    const files = ['.gitignore', 'CACHEDIR.TAG'].map((name) => join(folder.path, name));
    for (const path of files) {
      await fs.writeFile(path, 'no tag');
      await fs.utimes(path, 1, 2); // read before it was written: the next reader would be noted
    }
    await pathsOf(folder.path, { excludeFiles: ['.gitignore'], excludeCaches: true });
    assert.deepEqual(
      files.map((path) => lstatSync(path).atimeMs),
      [1000, 1000],
    );
  });

  it('says when a file of patterns cannot be read, and then leaves nothing out', async () => {
    await using folder = await temporaryFolder();
    await fs.symlink(thisFile, join(folder.path, '.gitignore'));
    await fs.writeFile(join(folder.path, 'x'), '');
    const kept: Kept[] = [];
    const paths = await pathsOf(folder.path, { excludeFiles: ['.gitignore'], ...keeping(kept) });
    assert.deepEqual(paths, ['', '.gitignore', 'x']);
    assert.equal(kept[0]?.what, '.gitignore');
  });

  it('leaves out what lies in a tagged cache, but for the tag', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['cache', 'not']) {
      await fs.mkdir(join(folder.path, name));
      await fs.writeFile(join(folder.path, name, 'x'), '');
    }
    await fs.writeFile(join(folder.path, 'cache/CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n# by x');
    execFileSync('mkfifo', [join(folder.path, 'not/CACHEDIR.TAG')]); // must not block
    const paths = await pathsOf(folder.path, { excludeCaches: true });
    assert.deepEqual(paths, ['', 'cache', 'cache/CACHEDIR.TAG', 'not', 'not/CACHEDIR.TAG', 'not/x']);
    assert.equal((await pathsOf(folder.path)).length, 7);
  });

  const signature = 'Signature: 8a477f597d28d172789f06886806bc55';
  for (const [what, make] of Object.entries<(path: string) => Promise<void>>({
    'begins with something else': (path) => fs.writeFile(path, `\n${signature}`),
    'has another signature': (path) => fs.writeFile(path, signature.replace('8a47', '8a48')),
    'is in capitals': (path) => fs.writeFile(path, signature.toUpperCase()),
    'is too short': (path) => fs.writeFile(path, signature.slice(0, -1)),
    'is empty': (path) => fs.writeFile(path, ''),
    'is a link to one': (path) =>
      fs.writeFile(`${path} elsewhere`, signature).then(() => fs.symlink(`${path} elsewhere`, path)),
    'is a folder': (path) => fs.mkdir(path),
  })) {
    it(`keeps everything where CACHEDIR.TAG ${what}`, async () => {
      await using folder = await temporaryFolder();
      await make(join(folder.path, 'CACHEDIR.TAG'));
      await fs.writeFile(join(folder.path, 'kept'), '');
      const paths = await pathsOf(folder.path, { excludeCaches: true });
      assert.ok(paths.includes('kept') && paths.includes('CACHEDIR.TAG'), paths.join());
    });
  }

  it('knows a tag by its first bytes, whatever follows', async () => {
    await using folder = await temporaryFolder();
    await fs.writeFile(join(folder.path, 'CACHEDIR.TAG'), `${signature}and more`);
    await fs.writeFile(join(folder.path, 'x'), '');
    assert.deepEqual(await pathsOf(folder.path, { excludeCaches: true }), ['', 'CACHEDIR.TAG']);
  });

  // Linux has this one mounted wherever programs may share memory, so that nobody need be allowed to mount anything.
  it('stays off a file system that is really another one', async () => {
    const mounted = '/dev/shm';
    assert.notEqual(lstatSync(mounted).dev, lstatSync('/dev').dev);
    const name = await fs.mkdtemp(`${mounted}/holdfast-walk-`);
    try {
      await fs.writeFile(join(name, 'x'), '');
      const below = rawPath(name.slice('/dev/'.length));
      const walked = async (oneFileSystem: boolean) => {
        const selection = { base: '/', branch: new Map([['dev', 'all' as const]]) };
        // Others make and remove things there meanwhile.
        return pathsIn(walkOf('/', { selection, oneFileSystem, skip: () => {} }));
      };
      const [all, one] = [await walked(false), await walked(true)];
      assert.ok(all.includes(`dev/${below}/x`));
      assert.ok(one.includes('dev/shm') && !one.some((path) => path.startsWith('dev/shm/')), one.join());
    } finally {
      await fs.rm(name, { recursive: true });
    }
  });

  it('stays on one file system when it is told to, and keeps the mount point', async () => {
    const reader = imagined({ '/': ['mnt/', 'z'], '/mnt': ['x'] });
    const elsewhere = Object.assign(Object.create(folderStats), { dev: folderStats.dev + 1n });
    const stat: FolderReader['stat'] = (path, done) =>
      path === '/mnt' ? setImmediate(done, null, elsewhere) : reader.stat(path, done);
    const mounted = { ...reader, stat };
    assert.deepEqual(await pathsOf('/', { reader: mounted, oneFileSystem: true }), ['', 'mnt', 'z']);
    assert.deepEqual(await pathsOf('/', { reader: mounted }), ['', 'mnt', 'mnt/x', 'z']);
  });
});
