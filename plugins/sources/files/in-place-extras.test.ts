import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Reader } from 'holdfast/plugin';
import { openExtras } from 'holdfast/system';
import { codes, holding, marks, Protected } from './protected.fixture.ts';
import { stateOf } from './sample.ts';

const asRoot = process.geteuid?.() === 0;
const run = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: 'latin1' });
const flagsOf = (path: string) => (run('lsattr', '-d', '--', path).split(' ')[0] ?? '').replaceAll(/[-e]/g, '');
const xattr = (path: string, name: string, value: string) => run('setfattr', '-h', '-n', name, '-v', value, path);

describe('extended attributes in place', () => {
  const attributed = async (folder: string) => {
    await holding({ a: '1', b: '2', 'sub/c': '3' })(folder);
    await fs.symlink('a', join(folder, 'link'));
    xattr(join(folder, 'a'), 'user.one', 'of then');
    xattr(join(folder, 'a'), 'user.two', '0x00ff');
    xattr(join(folder, 'sub'), 'user.three', '');
    if (asRoot) xattr(join(folder, 'link'), 'trusted.link', 'its own');
    run('setfacl', '-m', 'u:12345:r', join(folder, 'b'));
  };

  it('are set where they differ, and others taken away, and nothing else is touched', async () => {
    await using it = await Protected.create(attributed);
    const state = await stateOf(it.folder);
    assert.deepEqual((await it.restore({ only: 'plan' })).told, []);
    const { ino } = await fs.stat(it.at('a'));
    const same = marks(it.folder, ['']);
    xattr(it.at('a'), 'user.one', 'of now');
    run('setfattr', '-x', 'user.two', it.at('a'));
    xattr(it.at('sub'), 'user.three', 'not empty');
    xattr(it.at('sub/c'), 'user.new', 'x');
    if (asRoot) run('setfattr', '-h', '-x', 'trusted.link', it.at('link'));
    run('setfacl', '-b', it.at('b'));
    const { told, restored } = await it.restore();
    assert.deepEqual(restored.skipped, []);
    const group = told.includes('attributes b mode xattrs') ? 'mode ' : '';
    assert.deepEqual(told, [
      'attributes a xattrs',
      `attributes b ${group}xattrs`,
      ...(asRoot ? ['attributes link xattrs'] : []),
      'attributes sub xattrs',
      'attributes sub/c xattrs',
    ]);
    assert.deepEqual(await stateOf(it.folder), state);
    assert.equal((await fs.stat(it.at('a'))).ino, ino);
    assert.deepEqual(marks(it.folder, ['']), same);
    assert.deepEqual((await it.restore()).told, []);
  });

  it('of which the snapshot does not say that there were none stay', async () => {
    await using it = await Protected.create(attributed, { xattrs: false, flags: false });
    xattr(it.at('sub/c'), 'user.new', 'mine');
    await fs.chmod(it.at('sub/c'), 0o600);
    const options = { paths: [it.folder] };
    const state = Object.keys(await stateOf(it.folder)).filter((path) => path.startsWith('attributes'));
    assert.deepEqual((await it.restore({ options })).told, ['attributes sub/c mode']);
    const after = Object.keys(await stateOf(it.folder)).filter((path) => path.startsWith('attributes'));
    assert.deepEqual(after, state);
    assert.ok(after.includes('attributes of # file: sub/c'), 'also of what got other attributes');
    // Nor are they compared by a policy that leaves them out.
    const whole = Object.assign(it, { options });
    await whole.capture();
    run('setfattr', '-x', 'user.new', it.at('sub/c'));
    assert.deepEqual((await whole.restore({ options: { ...options, xattrs: false } })).told, []);
    assert.deepEqual((await whole.restore()).told, ['attributes sub/c xattrs']);
  });
});

it('a time that is a nanosecond off is another', async () => {
  await using it = await Protected.create(holding({ a: '1', 'sub/': '' }));
  const touch = (path: string, time: string) => run('touch', '-d', `@${time}`, it.at(path));
  touch('a', '1700000000.123456789');
  touch('sub', '-1.000000001');
  await it.capture();
  const state = await stateOf(it.folder);
  touch('a', '1700000000.123456790');
  touch('sub', '-1.000000002');
  const exact = openExtras().by === 'libc';
  const { told } = await it.restore();
  assert.deepEqual(told, exact ? ['attributes a time', 'attributes sub time'] : []);
  if (exact) assert.deepEqual(await stateOf(it.folder), state);
});

it('holes that were filled are seen where content is read, and come back', async () => {
  const size = 4 * 2 ** 20;
  await using it = await Protected.create(async (folder) => {
    await holding({ holes: '' })(folder);
    await fs.truncate(join(folder, 'holes'), size);
  });
  const { atime, mtime } = await fs.stat(it.at('holes'));
  await fs.writeFile(it.at('holes'), Buffer.alloc(size));
  await fs.utimes(it.at('holes'), atime, mtime);
  assert.deepEqual((await it.restore()).told, []);
  assert.deepEqual((await it.restore({ compareContent: true, only: 'plan' })).told, ['content holes holes']);
});

/** Files and folders with flags, some of which forbid every change. */
class Locked implements AsyncDisposable {
  readonly it: Protected;

  private constructor(it: Protected) {
    this.it = it;
  }

  static async create(): Promise<Locked> {
    const names = ['fixed', 'log', 'plain', 'shut/a', 'shut/b', 'shut/deep/c'];
    const it = await Protected.create(async (folder) => {
      await holding(Object.fromEntries(names.map((name) => [name, name])))(folder);
      await fs.link(join(folder, 'fixed'), join(folder, 'name'));
    });
    const made = new Locked(it);
    made.lock();
    await it.capture();
    return made;
  }

  lock(): void {
    const { it } = this;
    run('chattr', '+i', it.at('fixed'), it.at('shut'), it.at('shut/deep'), it.at('shut/b'), it.folder);
    run('chattr', '+a', it.at('log'));
    run('chattr', '+d', it.at('plain'));
  }

  unlock(): void {
    run('chattr', '-R', '-ia', this.it.folder);
  }

  get flags(): Record<string, string> {
    const names = ['fixed', 'log', 'plain', 'shut', 'shut/a', 'shut/b', 'shut/deep', 'shut/deep/c'];
    return Object.fromEntries(names.map((name) => [name, flagsOf(this.it.at(name))]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.unlock();
    await this.it[Symbol.asyncDispose]();
  }
}

describe('flags in place', { skip: asRoot ? false : 'only root may set those that matter' }, () => {
  it('are set and taken away where they differ', async () => {
    await using locked = await Locked.create();
    const { flags: stored, it } = locked;
    assert.deepEqual([stored['fixed'], stored['log'], stored['shut/a']], ['i', 'a', '']);
    assert.deepEqual((await it.restore({ only: 'plan' })).told, []);
    run('chattr', '-d', '+A', it.at('plain'));
    run('chattr', '-i', it.at('shut'), it.at('shut/b'));
    run('chattr', '+i', it.at('shut/a'));
    const { told, restored } = await it.restore();
    assert.deepEqual(restored.skipped, []);
    assert.deepEqual(
      told,
      ['plain', 'shut', 'shut/a', 'shut/b'].map((name) => `attributes ${name} flags`),
    );
    assert.deepEqual(locked.flags, stored);
    assert.deepEqual((await it.restore()).told, []);
  });

  it('that forbid every change are taken off for it and set again', async () => {
    await using locked = await Locked.create();
    const { flags: stored, it } = locked;
    const state = await stateOf(it.folder);
    locked.unlock();
    await fs.writeFile(it.at('fixed'), 'changed');
    await fs.rm(it.at('name'));
    await fs.appendFile(it.at('log'), ', and more');
    await fs.rm(it.at('shut/a'));
    await fs.writeFile(it.at('shut/new'), '');
    await fs.chmod(it.at('shut/b'), 0o600);
    await fs.rm(it.at('shut/deep/c'));
    await fs.symlink('elsewhere', it.at('shut/deep/c'));
    locked.lock();
    const { told, restored } = await it.restore({ delete: true });
    assert.deepEqual(restored.skipped, []);
    assert.deepEqual(told.filter((line) => !/^attributes .* time$/.test(line)).sort(), [
      'attributes shut/b mode',
      'content fixed content size time',
      'content log content size time',
      'kind shut/deep/c',
      'make name',
      'make shut/a',
      'remove shut/new',
    ]);
    assert.deepEqual(await stateOf(it.folder), state);
    assert.deepEqual(locked.flags, stored);
  });

  it('let a file that stays have a name again that it lost', async () => {
    await using locked = await Locked.create();
    const { flags: stored, it } = locked;
    const state = await stateOf(it.folder);
    locked.unlock();
    await fs.rm(it.at('name'));
    locked.lock();
    assert.deepEqual(codes((await it.restore()).restored), []);
    assert.deepEqual(await stateOf(it.folder), state);
    assert.deepEqual(locked.flags, stored);
  });

  it('stay, which is said, where nobody knows what they were, and on what would be removed', async () => {
    await using locked = await Locked.create();
    const { flags: stored, it } = locked;
    locked.unlock();
    await fs.writeFile(it.at('fixed'), 'changed');
    await fs.writeFile(it.at('shut/new'), '');
    await holding({ 'theirs/file': '' })(it.folder);
    await fs.chmod(it.at('shut'), 0o700);
    locked.lock();
    run('chattr', '+i', it.at('theirs'), it.at('theirs/file'));
    const unknown = await it.restore({ options: { ...it.options, flags: false }, delete: true });
    assert.deepEqual(codes(unknown.restored).sort(), [
      '. RESTORE_LOCKED',
      '. RESTORE_NOT_REMOVED',
      ...['fixed', 'name', 'shut'].map((name) => `${name} RESTORE_LOCKED`),
    ]);
    const said = unknown.restored.skipped.find(({ what }) => what === 'name')?.failure;
    assert.match(said?.message ?? '', /is immutable/);
    assert.match(said?.hint ?? '', /`chattr -i`/);
    assert.deepEqual(locked.flags, stored);
    const known = await it.restore({ delete: true });
    assert.deepEqual(codes(known.restored).sort(), ['theirs RESTORE_LOCKED', 'theirs/file RESTORE_LOCKED']);
    assert.deepEqual(locked.flags, stored);
    assert.equal(await fs.readFile(it.at('name'), 'utf8'), 'fixed');
  });

  it('are set again when a restore ends before its end', async () => {
    await using locked = await Locked.create();
    const { flags: stored, it } = locked;
    locked.unlock();
    await fs.writeFile(it.at('shut/a'), 'changed');
    await fs.chmod(it.at('shut/b'), 0o600);
    locked.lock();
    const broken = new Error('the target is gone');
    let isRestoring = false;
    const from: Reader = {
      parts: () => it.snapshot.parts(),
      bytes: (part, range) => it.snapshot.bytes(part, range),
      log: (log, position) => it.snapshot.log(log, position),
      selection: (patterns) => it.snapshot.selection(patterns),
      async *tree(part, patterns) {
        for await (const entry of it.snapshot.tree(part, patterns)) {
          if (isRestoring && Buffer.from(entry.path).toString() === 'shut/deep') throw broken;
          yield entry;
        }
      },
    };
    const between = async () => {
      isRestoring = true;
    };
    await assert.rejects(it.restore({ from, between }), broken);
    assert.equal(await fs.readFile(it.at('shut/a'), 'utf8'), 'shut/a', 'the folder was opened for it');
    assert.equal((await fs.stat(it.at('shut/b'))).mode & 0o777, 0o644);
    assert.deepEqual(locked.flags, stored);
  });
});
