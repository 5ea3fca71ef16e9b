import assert from 'node:assert/strict';
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { lendHost, MemorySink, MemorySnapshot, type StoredTreeEntry } from 'holdfast/conformance';
import {
  type Json,
  type Plan,
  type Reader,
  type Restored,
  type RestoreRequest,
  type StoredContent,
  type StoredEntry,
  unfinishedName,
} from 'holdfast/plugin';
import { openExtras } from 'holdfast/system';
import { plugin } from './index.ts';
import { failureWith, makeSample, stateOf, temporaryFolder } from './sample.ts';

const meta = {
  mode: 0o644,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  mtimeNs: 1_500_000_000_000_000_000n,
};
const exact = openExtras().by === 'libc';
const bytes = (text: string) => Buffer.from(text, 'latin1');
const folder = (path: string, mode = 0o750): StoredTreeEntry => ({
  path: bytes(path),
  meta: { ...meta, mode },
  kind: 'directory',
});
const file = (path: string, more: Partial<typeof meta> = {}): StoredTreeEntry => ({
  path: bytes(path),
  meta: { ...meta, ...more },
  kind: 'file',
  data: bytes(`content of ${path}`),
});
const symlink = (path: string, target: string): StoredTreeEntry => ({
  path: bytes(path),
  meta,
  kind: 'symlink',
  target: bytes(target),
});
const hardlink = (path: string, target: string): StoredTreeEntry => ({
  path: bytes(path),
  meta,
  kind: 'hardlink',
  target: bytes(target),
});

function snapshotOf(...entries: StoredTreeEntry[]): MemorySnapshot {
  return new MemorySnapshot(new Map([['files', { kind: 'tree', facts: null, entries: [folder(''), ...entries] }]]));
}

interface Asked {
  readonly into: string;
  readonly conflict?: RestoreRequest['conflict'];
  readonly select?: Json;
}

async function use<T>(
  { into, conflict = 'error', select = null }: Asked,
  action: (source: Awaited<ReturnType<typeof plugin.open>>, request: RestoreRequest, abort: () => void) => Promise<T>,
): Promise<T> {
  await using host = await lendHost();
  await using source = await plugin.open({ paths: ['/'] }, host);
  const request: RestoreRequest = { at: 'latest', select, into: { folder: into }, conflict, parallel: 4 };
  return await action(source, request, () => host.abort(new Error('enough')));
}

function plan(asked: Asked, from: Reader): Promise<Plan> {
  return use(asked, (source, request) => source.plan(request, from));
}

function restore(asked: Asked, from: Reader): Promise<Restored> {
  return use(asked, (source, request) => source.restore({ steps: [], state: null }, request, from));
}

function codes({ skipped }: Restored): string[] {
  return skipped.map(({ what, failure }) => `${what} ${failure.code}`);
}

function contentOf(content: StoredContent): StoredContent {
  return {
    read: (range) => content.read(range),
    compare: (path) => content.compare(path),
    writeTo: (path, attributes, options) => content.writeTo(path, attributes, options),
  };
}

/** A reader that does something before one file is written, or instead. */
function interfering(from: MemorySnapshot, name: string, act: (path: string) => Promise<void>): Reader {
  return {
    parts: () => from.parts(),
    bytes: (part, range) => from.bytes(part, range),
    log: (log, position) => from.log(log, position),
    selection: (patterns) => from.selection(patterns),
    async *tree(part, patterns): AsyncGenerator<StoredEntry> {
      for await (const entry of from.tree(part, patterns)) {
        if (entry.kind !== 'file' || Buffer.from(entry.path).toString() !== name) yield entry;
        else {
          const writeTo: typeof entry.content.writeTo = async (path, attributes, options) => {
            try {
              await act(Buffer.from(path).toString());
            } catch (error) {
              return { code: 'FRAME_DAMAGED', message: String(error), origin: 'repository', permanent: true };
            }
            return entry.content.writeTo(path, attributes, options);
          };
          yield { ...entry, content: { ...contentOf(entry.content), writeTo } };
        }
      }
    },
  };
}

describe('a restore of files', () => {
  it('makes the folder it is given, and those above it', async () => {
    await using place = await temporaryFolder();
    const into = join(place.path, 'not/yet/there');
    const restored = await restore({ into }, snapshotOf(folder('a'), file('a/b')));
    assert.deepEqual(restored.skipped, []);
    assert.equal(await fs.readFile(join(into, 'a/b'), 'utf8'), 'content of a/b');
    assert.equal((await fs.stat(into)).mode & 0o777, 0o750);
  });

  it('says that a folder cannot be made, where nobody can make one', async () => {
    await assert.rejects(
      restore({ into: '/proc/nothing/here' }, snapshotOf(file('a'))),
      /cannot restore \/proc\/nothing\/here/,
    );
  });

  it('brings back the whole sample through a backup of its own, into a folder reached by a link', async () => {
    await using place = await temporaryFolder();
    await fs.mkdir(join(place.path, 'from'));
    await makeSample(join(place.path, 'from'));
    await using host = await lendHost();
    await using source = await plugin.open({ paths: [join(place.path, 'from')] }, host);
    const sink = new MemorySink();
    await source.backup({ select: null, parallel: 3, lastOf: () => undefined }, sink);
    await fs.mkdir(join(place.path, 'real'));
    await fs.symlink('real', join(place.path, 'into'));
    assert.deepEqual((await restore({ into: join(place.path, 'into') }, sink.snapshot())).skipped, []);
    assert.deepEqual(await stateOf(join(place.path, 'real')), await stateOf(join(place.path, 'from')));
  });

  it('removes what a killed restore had not finished, and nothing else that stands there', async () => {
    await using place = await temporaryFolder();
    await fs.mkdir(join(place.path, 'a'));
    await fs.mkdir(join(place.path, 'away'));
    const name = async (folder: string) =>
      unfinishedName((await fs.stat(join(place.path, folder), { bigint: true })).ino);
    const others = [
      '.holdfast-mine',
      '.holdfast-0123456789abcdef',
      '.holdfast-0123456789abcdef-0123456789abcdef',
      `${await name('.')}.txt`,
      await name('away'), // moved or copied there by somebody
    ];
    for (const folder of ['.', 'a']) {
      await fs.symlink('/nowhere', join(place.path, folder, await name(folder)));
      for (const other of [await name(folder), ...others]) await fs.writeFile(join(place.path, folder, other), '');
    }
    const left = await name('away');
    await fs.writeFile(join(place.path, 'away', left), 'not entered');
    await restore({ into: place.path }, snapshotOf(folder('a'), file('a/b')));
    assert.deepEqual((await fs.readdir(place.path)).sort(), ['a', 'away', ...others].sort());
    assert.deepEqual((await fs.readdir(join(place.path, 'a'))).sort(), ['b', ...others].sort());
    assert.deepEqual(await fs.readdir(join(place.path, 'away')), [left]);
  });

  it('leaves folders that were there as they are, unless it replaces', async () => {
    await using place = await temporaryFolder();
    await fs.mkdir(join(place.path, 'a'), { mode: 0o711 });
    await fs.writeFile(join(place.path, 'a/other'), '');
    await restore({ into: place.path }, snapshotOf(folder('a', 0o700), file('a/b')));
    assert.equal((await fs.stat(join(place.path, 'a'))).mode & 0o777, 0o711);
    await restore({ into: place.path, conflict: 'replace' }, snapshotOf(folder('a', 0o700), file('a/b')));
    assert.equal((await fs.stat(join(place.path, 'a'))).mode & 0o777, 0o700);
    assert.deepEqual((await fs.readdir(join(place.path, 'a'))).sort(), ['b', 'other']);
  });

  it('sets the times of folders after everything in them, and of folders that may not be written to', async () => {
    await using place = await temporaryFolder();
    const names = ['a', 'a/b', 'a/b/c'];
    await restore(
      { into: place.path },
      snapshotOf(...names.map((name) => folder(name, 0o555)), hardlink('a/b/z', 'f'), file('f')),
    );
    for (const name of ['', ...names]) {
      assert.equal((await fs.stat(join(place.path, name), { bigint: true })).mtimeNs, meta.mtimeNs, name);
    }
  });

  it('reports content that cannot be had, with the names that are links to it, and restores the rest', async () => {
    await using place = await temporaryFolder();
    const snapshot = snapshotOf(file('a'), hardlink('b', 'a'), file('c'));
    const damaged = interfering(snapshot, 'a', () => Promise.reject(new Error('damaged')));
    const restored = await restore({ into: place.path }, damaged);
    assert.deepEqual(codes(restored), ['a FRAME_DAMAGED', 'b FRAME_DAMAGED']);
    assert.deepEqual(await fs.readdir(place.path), ['c']);
  });

  it('ends when it is aborted, and leaves nothing half-made', async () => {
    await using place = await temporaryFolder();
    await fs.writeFile(join(place.path, 'a'), 'old');
    const aborted = use({ into: place.path, conflict: 'replace' }, (source, request, abort) => {
      const from = interfering(snapshotOf(file('a'), file('b'), file('c')), 'a', async () => abort());
      return source.restore({ steps: [], state: null }, request, from);
    });
    await assert.rejects(aborted, /enough/);
    for (const name of await fs.readdir(place.path)) assert.doesNotMatch(name, /holdfast/);
  });

  it('refuses what files have no notion of', async () => {
    await using host = await lendHost();
    await using source = await plugin.open({ paths: ['/'] }, host);
    const request: RestoreRequest = {
      at: 'latest',
      select: null,
      into: { folder: '/x' },
      conflict: 'error',
      parallel: 1,
    };
    for (const wrong of [
      { into: { server: 'db' } },
      { rename: { a: 'b' } },
      { mask: 'a' },
      { select: { paths: ['a'] } },
    ]) {
      await assert.rejects(source.plan({ ...request, ...wrong }, snapshotOf()), failureWith('RESTORE_UNSUPPORTED'));
    }
  });
});

describe('a selection of files', () => {
  it('is restored with the folders above it', async () => {
    await using place = await temporaryFolder();
    const all = snapshotOf(folder('a'), folder('a/b'), file('a/b/c'), file('a/d'), folder('e'), file('e/f'));
    await restore({ into: place.path, select: ['/a/b', 'f'] }, all);
    assert.deepEqual(Object.keys(await stateOf(place.path)), ['', 'a', 'a/b', 'a/b/c', 'e', 'e/f']);
  });

  it('has the content of hard links whose first name was not selected, once', async () => {
    await using place = await temporaryFolder();
    const all = snapshotOf(
      folder('a'),
      file('a/[first]*'),
      folder('b'),
      hardlink('b/1', 'a/[first]*'),
      hardlink('b/2', 'a/[first]*'),
    );
    const restored = await restore({ into: place.path, select: ['b/'] }, all);
    assert.deepEqual(restored.skipped, []);
    const state = await stateOf(place.path);
    assert.deepEqual(Object.keys(state), ['', 'b', 'b/1', 'b/2']);
    assert.equal(await fs.readFile(join(place.path, 'b/1'), 'utf8'), 'content of a/[first]*');
    assert.equal((await fs.stat(join(place.path, 'b/2'))).nlink, 2);
  });

  it('never links to a file that was there before', async () => {
    await using place = await temporaryFolder();
    await fs.writeFile(join(place.path, 'a'), 'another');
    const all = snapshotOf(file('a'), hardlink('b', 'a'));
    for (const asked of [{ select: ['/b'] }, { conflict: 'skip' as const }]) {
      await fs.rm(join(place.path, 'b'), { force: true });
      assert.deepEqual((await restore({ into: place.path, ...asked }, all)).skipped, []);
      assert.equal(await fs.readFile(join(place.path, 'b'), 'utf8'), 'content of a');
      assert.equal(await fs.readFile(join(place.path, 'a'), 'utf8'), 'another');
    }
  });
});

describe('a restore of files where something stands already', () => {
  it('is planned in words, and refused with all that is in the way', async () => {
    await using place = await temporaryFolder();
    await fs.mkdir(join(place.path, 'd'));
    for (const name of ['a', 'd/new\nline']) await fs.writeFile(join(place.path, name), 'old');
    const snapshot = snapshotOf(file('a'), folder('d'), file('d/new\nline'), file('e'));
    const asked = { into: place.path };
    await assert.rejects(plan(asked, snapshot), /2 of the paths .* a, d\/new\\x0aline/);
    const { steps } = await plan({ ...asked, conflict: 'replace' }, snapshot);
    assert.match(steps[0] ?? '', /3 × file/);
    const attributes = ['set attributes of .', 'set attributes of d'];
    assert.deepEqual(steps.slice(1), ['replace a', 'replace d/new\\x0aline', ...attributes]);
    const { steps: kept } = await plan({ ...asked, conflict: 'skip' }, snapshot);
    assert.deepEqual(kept.slice(1), ['keep a', 'keep d/new\\x0aline']);
    assert.deepEqual(codes(await restore(asked, snapshot)), ['a RESTORE_CONFLICT', 'd/new\\x0aline RESTORE_CONFLICT']);
  });

  it('replaces a link, not what it points to, and every other kind', async () => {
    await using place = await temporaryFolder();
    const into = join(place.path, 'into');
    await fs.mkdir(into);
    await fs.writeFile(join(place.path, 'outside'), 'untouched');
    for (const name of ['a', 'b', 'c', 'd']) await fs.symlink('../outside', join(into, name));
    const snapshot = snapshotOf(file('a'), symlink('b', 'x'), hardlink('c', 'a'), file('e'));
    assert.deepEqual((await restore({ into, conflict: 'replace' }, snapshot)).skipped, []);
    assert.deepEqual((await restore({ into, conflict: 'replace' }, snapshot)).skipped, []);
    assert.equal(await fs.readFile(join(place.path, 'outside'), 'utf8'), 'untouched');
    assert.deepEqual((await fs.readdir(into)).sort(), ['a', 'b', 'c', 'd', 'e']);
    assert.equal((await fs.stat(join(into, 'a'))).nlink, 2);
    assert.equal(await fs.readlink(join(into, 'b')), 'x');
  });

  it('keeps the old file when the new content fails', async () => {
    await using place = await temporaryFolder();
    await fs.writeFile(join(place.path, 'a'), 'old');
    const damaged = interfering(snapshotOf(file('a')), 'a', () => Promise.reject(new Error('damaged')));
    assert.deepEqual(codes(await restore({ into: place.path, conflict: 'replace' }, damaged)), ['a FRAME_DAMAGED']);
    assert.deepEqual(await fs.readdir(place.path), ['a']);
    assert.equal(await fs.readFile(join(place.path, 'a'), 'utf8'), 'old');
  });

  it('replaces a folder by something else only when there is nothing in it', async () => {
    await using place = await temporaryFolder();
    await fs.mkdir(join(place.path, 'a/within'), { recursive: true });
    const asked = { into: place.path, conflict: 'replace' as const };
    await assert.rejects(plan(asked, snapshotOf(file('a'))), failureWith('RESTORE_CONFLICT'));
    assert.deepEqual(codes(await restore(asked, snapshotOf(file('a')))), ['a RESTORE_CONFLICT']);
    assert.deepEqual(await fs.readdir(place.path), ['a']);
    await fs.rmdir(join(place.path, 'a/within'));
    assert.deepEqual((await restore(asked, snapshotOf(file('a')))).skipped, []);
    assert.equal(await fs.readFile(join(place.path, 'a'), 'utf8'), 'content of a');
  });

  it('puts a folder in the place of a file only when it replaces', async () => {
    await using place = await temporaryFolder();
    const snapshot = snapshotOf(folder('a'), file('a/b'), file('c'));
    await fs.writeFile(join(place.path, 'a'), 'old');
    assert.deepEqual(codes(await restore({ into: place.path }, snapshot)), ['a RESTORE_CONFLICT']);
    await fs.rm(join(place.path, 'c'));
    assert.deepEqual((await restore({ into: place.path, conflict: 'skip' }, snapshot)).skipped, []);
    assert.equal(await fs.readFile(join(place.path, 'a'), 'utf8'), 'old');
    assert.deepEqual((await restore({ into: place.path, conflict: 'replace' }, snapshot)).skipped, []);
    assert.equal(await fs.readFile(join(place.path, 'a/b'), 'utf8'), 'content of a/b');
  });
});

describe('a restore of files that is to be led astray', () => {
  it('never goes through a link in the place of a folder: refuses it, keeps it, or replaces it', async () => {
    for (const conflict of ['error', 'replace', 'skip'] as const) {
      await using place = await temporaryFolder();
      const into = join(place.path, 'into');
      await fs.mkdir(into);
      await fs.mkdir(join(place.path, 'outside'));
      await fs.symlink('../outside', join(into, 'a'));
      const snapshot = snapshotOf(
        folder('a'),
        file('a/b'),
        folder('a/c'),
        symlink('a/d', 'x'),
        hardlink('a/e', 'f'),
        file('f'),
      );
      if (conflict === 'error') {
        await assert.rejects(plan({ into, conflict }, snapshot), failureWith('RESTORE_ESCAPE'));
        assert.deepEqual(codes(await restore({ into, conflict }, snapshot)), ['a RESTORE_ESCAPE']);
      } else assert.deepEqual(codes(await restore({ into, conflict }, snapshot)), []);
      assert.deepEqual(await fs.readdir(join(place.path, 'outside')), []);
      assert.deepEqual((await fs.readdir(into)).sort(), ['a', 'f']);
      const made = conflict === 'replace' ? ['b', 'c', 'd', 'e'] : [];
      assert.deepEqual((await fs.readdir(join(into, 'a'))).sort(), made);
    }
  });

  it('notices that a folder was exchanged for a link while it wrote', async () => {
    await using place = await temporaryFolder();
    const into = join(place.path, 'into');
    await fs.mkdir(join(place.path, 'outside'));
    await fs.mkdir(join(into, 'a'), { recursive: true });
    const snapshot = snapshotOf(folder('a'), symlink('a/2', 'x'), hardlink('a/3', 'b'), file('b'));
    const exchanging = interfering(snapshot, 'b', async () => {
      await fs.rename(join(into, 'a'), join(place.path, 'moved'));
      await fs.symlink('../outside', join(into, 'a'));
    });
    const restored = await restore({ into, conflict: 'replace' }, exchanging);
    assert.deepEqual(codes(restored).slice(0, 2), ['a/2 RESTORE_ESCAPE', 'a/3 RESTORE_ESCAPE']);
    assert.deepEqual(await fs.readdir(join(place.path, 'outside')), []);
  });
});

describe('a file on its way when its folder is exchanged for a link', () => {
  for (const conflict of ['error', 'replace'] as const) {
    it(`is written where the folder went, and nowhere else (${conflict})`, async () => {
      await using place = await temporaryFolder();
      const into = join(place.path, 'into');
      const outside = join(place.path, 'outside');
      await fs.mkdir(outside);
      await fs.mkdir(join(into, 'a'), { recursive: true });
      await fs.writeFile(join(outside, 'b'), 'not ours');
      if (conflict === 'replace') await fs.writeFile(join(into, 'a/b'), 'old');
      const exchanging = interfering(snapshotOf(folder('a'), file('a/b')), 'a/b', async () => {
        await fs.rename(join(into, 'a'), join(place.path, 'moved'));
        await fs.symlink('../outside', join(into, 'a'));
      });
      const restored = await restore({ into, conflict }, exchanging);
      assert.equal(await fs.readFile(join(outside, 'b'), 'utf8'), 'not ours');
      assert.deepEqual(await fs.readdir(outside), ['b']);
      assert.equal(await fs.readFile(join(place.path, 'moved/b'), 'utf8'), 'content of a/b');
      if (conflict === 'replace') assert.deepEqual(codes(restored), ['a RESTORE_IO'], 'its folder is not where it was');
    });
  }

  it('and one that fails is named by its own path', async () => {
    await using place = await temporaryFolder();
    const failing = interfering(snapshotOf(folder('a'), file('a/b')), 'a/b', async (path) => {
      throw new Error(`no space for ${path}`);
    });
    const { skipped } = await restore({ into: place.path }, failing);
    assert.match(skipped[0]?.failure.message ?? '', new RegExp(`no space for ${place.path}/a/b$`));
  });
});

it('a restore holds a bounded number of folders open', async () => {
  await using place = await temporaryFolder();
  const names = Array.from({ length: 1500 }, (_, i) => `d${String(i).padStart(4, '0')}`);
  const snapshot = snapshotOf(...names.flatMap((name) => [folder(name), file(`${name}/f`)]));
  let most = 0;
  const counting: Reader = {
    ...interfering(snapshot, '', async () => {}),
    async *tree(part, patterns) {
      for await (const entry of snapshot.tree(part, patterns)) {
        if (entry.kind === 'file') most = Math.max(most, (await fs.readdir('/proc/self/fd').catch(() => [])).length);
        yield entry;
      }
    },
  };
  const restored = await restore({ into: place.path }, counting);
  assert.deepEqual(restored.skipped, []);
  assert.ok(most < 700, `${most} descriptors`);
});

describe('special files', () => {
  const special = (path: string, type: 'fifo' | 'socket' | 'char', more = {}): StoredTreeEntry => ({
    path: bytes(path),
    meta: { ...meta, mode: 0o620 },
    kind: 'special',
    type,
    major: 1,
    minor: 3,
    ...more,
  });

  it('are made by programs that see nothing of our environment but the path to programs', async () => {
    await using place = await temporaryFolder();
    const spy = join(place.path, 'bin/mkfifo');
    await fs.mkdir(join(place.path, 'bin'));
    await fs.writeFile(spy, `#!/bin/sh\nenv > ${place.path}/seen\nexec /usr/bin/mkfifo "$@"\n`, { mode: 0o755 });
    const { PATH } = process.env;
    process.env['HOLDFAST_PASSPHRASE'] = 'secret of the recovery key';
    process.env['PATH'] = `${join(place.path, 'bin')}:${PATH}`;
    try {
      const restored = await restore({ into: join(place.path, 'into') }, snapshotOf(special('fifo', 'fifo')));
      assert.deepEqual(restored.skipped, []);
    } finally {
      process.env['PATH'] = PATH;
      delete process.env['HOLDFAST_PASSPHRASE'];
    }
    const seen = await fs.readFile(join(place.path, 'seen'), 'utf8');
    assert.match(seen, /^PATH=/m);
    assert.doesNotMatch(seen, /secret/);
  });

  it('come back when the system lets us make them', async () => {
    await using place = await temporaryFolder();
    const snapshot = snapshotOf(special('fifo \xff', 'fifo'), special('null', 'char'), special('socket', 'socket'));
    const restored = await restore({ into: place.path }, snapshot);
    const state = await stateOf(place.path);
    const fifo = await fs.lstat(Buffer.concat([Buffer.from(`${place.path}/`), bytes('fifo \xff')]), { bigint: true });
    assert.deepEqual([fifo.isFIFO(), fifo.mode & 0o777n, fifo.mtimeNs], [true, 0o620n, meta.mtimeNs]);
    // Not every root may make devices.
    const made = 'null' in state;
    assert.deepEqual(codes(restored), made ? [] : ['null RESTORE_SPECIAL']);
    if (made) assert.equal((await fs.lstat(join(place.path, 'null'))).rdev, 0x103);
    assert.equal('socket' in state, false);
    assert.ok(typeof restored.facts === 'object' && restored.facts !== null && 'sockets' in restored.facts);
    assert.equal(restored.facts.sockets, 1);
  });
});

describe('times', () => {
  it('come back to the nanosecond, before 1970 too', async () => {
    await using place = await temporaryFolder();
    for (const mtimeNs of [
      -1n,
      -1_500_000_000n,
      -1_000_000_000_999_999_999n,
      0n,
      1_754_300_000_999_999_999n,
      5_000_000_000_123_456_789n,
    ]) {
      const name = `at ${mtimeNs}`;
      const timed = { ...meta, mtimeNs };
      const fifo = { kind: 'special', type: 'fifo', major: 0, minor: 0 } as const;
      const entries: StoredTreeEntry[] = [
        { ...folder(name), meta: timed },
        file(`${name}/file`, timed),
        { ...symlink(`${name}/link`, 'x'), meta: timed },
        { path: bytes(`${name}/pipe`), meta: timed, ...fifo },
      ];
      await restore({ into: place.path }, snapshotOf(...entries));
      for (const { path } of entries) {
        const found = (await fs.lstat(join(place.path, path.toString()), { bigint: true })).mtimeNs;
        // Without the call for it, a double of seconds carries them.
        const apart = exact ? 0n : 1000n;
        assert.ok(found <= mtimeNs + apart && found >= mtimeNs - apart, `${path}: ${mtimeNs} became ${found}`);
      }
    }
  });
});
