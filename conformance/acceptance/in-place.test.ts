import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { unfinishedName } from 'holdfast/plugin';
import type { RestoreReport } from '../../agent/recovery/restore-report.ts';
import { Random } from '../benchmark/random.ts';
import { noise } from '../kit/samples.ts';
import { assertAlike, assertSameContent, skipComparing } from './difference.ts';
import { assertExact } from './exact-state.ts';
import { Machine } from './machine.ts';
import { isTmuxInstalled, Pane } from './pane.ts';
import { assertExit, documentOf, until } from './program.ts';
import { makeExtras, unlockFlags } from './varied-extras.ts';
import { makeVariedTree } from './varied-tree.ts';

const MiB = 2 ** 20;
const asRoot = process.getuid?.() === 0;
const IN_PLACE = ['restore', 'files', '--in-place', '--delete', '--checksum'];

interface Told {
  readonly path: string;
  readonly kind: string;
  readonly action: string;
  readonly size?: number;
}

/** Inode and time of the last change of everything: by these somebody can see that a thing was touched. Names as bytes. */
function marks(root: string): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (folder: string) => {
    for (const name of readdirSync(Buffer.from(folder, 'latin1'), 'latin1')) {
      const path = `${folder}/${name}`;
      const stats = lstatSync(Buffer.from(path, 'latin1'), { bigint: true });
      found.set(path.slice(root.length + 1), `${stats.ino} ${stats.ctimeNs}`);
      if (stats.isDirectory()) visit(path);
    }
  };
  visit(root);
  return found;
}

/** Everything that happens to a tree of `makeVariedTree` in time, each once, to files that `random` chooses. */
function change(root: string, random: Random): number {
  const at = (path: string) => join(root, path);
  const large = (n: number) => at(`large/${n}`);
  const taken = new Set<string>();
  /** A file of one of the folders of `medium` that nothing was done to yet. */
  const some = (): string => {
    const folder = 2 + random.below(5);
    const path = at(`medium/${folder}/${folder + 7 * random.below(80)}`);
    if (taken.has(path)) return some();
    taken.add(path);
    return path;
  };
  const overwrite = (path: string, offset: number, bytes: Uint8Array) => {
    const file = openSync(path, 'r+');
    writeSync(file, bytes, 0, bytes.length, offset);
    closeSync(file);
  };
  const replace = (path: string, make: () => void) => {
    rmSync(path, { recursive: true });
    make();
  };
  const changes: readonly (() => void)[] = [
    () => overwrite(large(0), MiB + random.below(MiB), noise(1, 1000)),
    () => appendFileSync(large(1), noise(2, 5000)),
    () => writeFileSync(large(2), Buffer.concat([noise(3, 333), readFileSync(large(2))])),
    () => truncateSync(large(3), MiB + 1),
    () => rmSync(some()),
    () => rmSync(at('medium/1'), { recursive: true }),
    () => chmodSync(some(), 0o751),
    () => utimesSync(some(), 1, 1),
    () => (asRoot ? chownSync(some(), 4321, 1234) : chmodSync(some(), 0o711)),
    () => {
      const path = some();
      replace(path, () => mkdirSync(join(path, 'with/more'), { recursive: true }));
      writeFileSync(join(path, 'with/file'), 'x');
    },
    () => replace(at('empty/3'), () => writeFileSync(at('empty/3'), 'x')),
    () => replace(at('crowd/5'), () => symlinkSync('/usr', at('crowd/5'))),
    () => replace(at('links/symbolic/1'), () => symlinkSync('/elsewhere', at('links/symbolic/1'))),
    () => {
      const path = some();
      replace(path, () => symlinkSync('/etc/passwd', path));
    },
    () => {
      const path = at('links/hard/1/1');
      copyFileSync(path, `${path}.copy`);
      renameSync(`${path}.copy`, path);
    },
    () => appendFileSync(at('links/hard/2/2'), 'through one of its names'),
    () => {
      mkdirSync(at('new/deep/er'), { recursive: true });
      writeFileSync(at('new/deep/er/file'), 'x');
      linkSync(some(), at('new/another name'));
      symlinkSync('/usr', at('new/link'));
    },
    () => {
      chmodSync(at('links'), 0o700);
      utimesSync(at('empty/7'), 5, 5);
    },
    () => replace(at('odd/fifo'), () => writeFileSync(at('odd/fifo'), 'no fifo')),
    () => {
      // Nothing but reading it tells.
      const path = some();
      const { atime, mtime } = statSync(path);
      overwrite(path, 100, noise(4, 50));
      utimesSync(path, atime, mtime);
    },
  ];
  for (const one of changes) one();
  return changes.length;
}

test('a tree that was changed in twenty ways is as it was, and what was not changed was not touched', {
  skip: skipComparing,
}, async (t) => {
  await using machine = await Machine.create();
  makeVariedTree(machine.data, { seed: 20261126, smallFiles: 1500 });
  const original = machine.place('original');
  execFileSync('cp', ['-a', machine.data, original]);
  await machine.ask(['run']);
  const stored = [...(await machine.objects('packs')).values()].reduce((sum, size) => sum + size, 0);
  const before = marks(machine.data);
  assert.equal(change(machine.data, new Random(7)), 20);
  const changed = marks(machine.data);

  const planned = documentOf<{ changes: readonly Told[] }>(await machine.call([...IN_PLACE, '--dry-run', '--json']));
  assert.deepEqual(marks(machine.data), changed, 'a dry run changes nothing');
  const report = await machine.ask<RestoreReport>([...IN_PLACE, '--yes']);
  assert.deepEqual([report.verdict, report.skipped], ['ok', []]);
  assertAlike(original, machine.data);

  // What came through the changes as it was, and holds nothing that was put back.
  const above = new Set(planned.changes.map(({ path }) => path.slice(0, path.lastIndexOf('/'))));
  const untouched = [...changed].filter(([path, mark]) => before.get(path) === mark && !above.has(path));
  const now = marks(machine.data);
  assert.deepEqual(
    untouched.filter(([path, mark]) => now.get(path) !== mark),
    [],
  );
  assert.ok(untouched.length > 1500, `${untouched.length} of ${before.size}`);
  assert.equal(now.size, before.size);

  const lost = planned.changes.filter(
    ({ kind, action }) => kind === 'file' && action !== 'attributes' && action !== 'remove',
  );
  const whole = lost.filter(({ path }) => !path.startsWith('large/')).reduce((sum, { size = 0 }) => sum + size, 0);
  t.diagnostic(
    `${planned.changes.length} changes; ${untouched.length} of ${before.size} untouched; fetched ` +
      `${(report.fetchedBytes / MiB).toFixed(1)} MiB of ${(stored / MiB).toFixed(0)} MiB stored, for ${lost.length} files, ` +
      `${(whole / MiB).toFixed(1)} MiB without the large ones; dry run and restore: ${(report.durationMs / 1000).toFixed(1)} s`,
  );
  // Of four large files some chunks; of the others all, at most. What lies between in the packs is read with it.
  assert.ok(report.fetchedBytes < whole * 1.5 + 4 * 4 * MiB, `${report.fetchedBytes} bytes`);
  assert.ok(report.fetchedBytes < stored / 2);

  const again = await machine.ask<{ changes: readonly Told[] }>([...IN_PLACE, '--dry-run']);
  assert.deepEqual(again.changes, []);
});

/** What happens in time to what `makeExtras` made: to attributes, ACLs, times and holes, and behind flags that forbid every change. */
function changeExtras(folder: string): void {
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: folder });
  const at = (path: string) => join(folder, path);
  run('setfattr', '-n', 'user.mime_type', '-v', 'text/html', 'plain');
  run('setfattr', '-x', 'user.empty', 'with ACLs');
  run('setfattr', '-n', 'user.new', '-v', '', 'times');
  run('setfacl', '-b', 'with ACLs');
  run('setfacl', '-x', 'g:4712', 'with ACLs/file');
  for (const [i, kind] of ['file', 'folder', 'link', 'pipe'].entries())
    run('touch', '-h', '-d', '@1234567890.987654322', `times/${kind} ${i}`);
  run('chattr', '-d', '+A', 'flagged/not dumped');
  const holes = openSync(at('small holes'), 'r+');
  writeSync(holes, Buffer.alloc(100, 'x'), 0, 100, 400_000);
  closeSync(holes);
  const { atime, mtime } = statSync(at('only a hole'));
  writeFileSync(at('only a hole'), Buffer.alloc(statSync(at('only a hole')).size));
  utimesSync(at('only a hole'), atime, mtime);
  if (!asRoot) return;
  run('setcap', '-r', 'program');
  run('setfattr', '-h', '-x', 'trusted.own', 'link');
  unlockFlags(folder);
  rmSync(at('locked/another name'));
  writeFileSync(at('locked/more'), '');
  appendFileSync(at('linked'), 'changed');
  appendFileSync(at('flagged/appended'), ', and more');
  run('chattr', '+i', 'linked', 'locked');
  run('chattr', '+a', 'flagged/appended');
}

test('extended attributes, ACLs, flags, nanoseconds and holes are compared and set in place', {
  skip: skipComparing,
}, async (t) => {
  await using machine = await Machine.create();
  makeExtras(machine.data);
  await machine.ask(['run']);
  const original = machine.place('original');
  await machine.ask(['restore', 'files', '--into', original]);
  assertExact(original, machine.data);
  const none = await machine.ask<{ changes: readonly Told[] }>([...IN_PLACE, '--dry-run']);
  assert.deepEqual(none.changes, []);
  changeExtras(machine.data);
  const before = marks(machine.data);
  const planned = await machine.ask<{ changes: readonly Told[] }>([...IN_PLACE, '--dry-run']);
  assert.deepEqual(marks(machine.data), before, 'a dry run changes nothing');
  const report = await machine.ask<RestoreReport>([...IN_PLACE, '--yes']);
  assert.deepEqual([report.verdict, report.skipped], ['ok', []]);
  assertAlike(original, machine.data);
  assertExact(original, machine.data);
  const touched = new Set(planned.changes.map(({ path }) => path));
  const now = marks(machine.data);
  const others = [...before].filter(([path]) => !touched.has(path));
  // Folders whose time is set again after something in them was made.
  const above = new Set([...touched].map((path) => path.slice(0, path.lastIndexOf('/'))));
  assert.deepEqual(
    others.filter(([path, mark]) => now.get(path) !== mark && !above.has(path)).map(([path]) => path),
    [],
  );
  t.diagnostic(`${planned.changes.length} changes; ${others.length} of ${before.size} untouched`);
  const again = await machine.ask<{ changes: readonly Told[] }>([...IN_PLACE, '--dry-run']);
  assert.deepEqual(again.changes, []);
});

test('a Node without calls for attributes and flags sets those that tools can, and names the others', {
  skip: skipComparing,
}, async () => {
  await using machine = await Machine.create();
  const nodeArgs = ['--import', import.meta.resolve('./without-ffi.ts')];
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: machine.data });
  makeExtras(machine.data);
  await machine.ask(['run']);
  const ask = (...words: string[]) =>
    machine.ask<{ changes: readonly Told[] }>(['restore', 'files', '--in-place', ...words], { nodeArgs });
  assert.deepEqual((await ask('--dry-run')).changes, []);
  const original = machine.place('original');
  await machine.ask(['restore', 'files', '--into', original]);
  run('setfattr', '-n', 'user.mime_type', '-v', 'text/html', 'plain');
  run('setfattr', '-x', 'user.empty', 'with ACLs');
  run('chattr', '-d', 'flagged/not dumped');
  const { changes } = await ask('--dry-run');
  assert.deepEqual(
    changes.map(({ action, path }) => `${action} ${path}`),
    ['attributes flagged/not dumped', 'attributes plain', 'attributes with ACLs'],
  );
  await ask('--yes');
  assertExact(original, machine.data, { times: false });
});

test('a restore in place that is killed leaves each file old or new, and the next does what is left', async (t) => {
  await using machine = await Machine.create();
  const names = Array.from({ length: 120 }, (_, i) => `folder ${i % 6}/file ${i}`);
  const contents = (version: number) => names.map((_, i) => noise(1000 * version + i, 3000 + 4000 * (i % 60)));
  const [stored, altered] = [contents(1), contents(2)];
  const write = (versions: readonly Uint8Array[]) => {
    for (const [i, name] of names.entries()) {
      mkdirSync(join(machine.data, name, '..'), { recursive: true });
      writeFileSync(join(machine.data, name), versions[i] ?? '');
    }
  };
  write(stored);
  const original = machine.place('original');
  execFileSync('cp', ['-a', machine.data, original]);
  await machine.ask(['run']);
  write(altered);
  const isNew = (i: number) => readFileSync(join(machine.data, names[i] ?? '')).equals(stored[i] ?? new Uint8Array());
  const random = new Random(11);
  const figures: number[] = [];
  for (let kill = 0; kill < 3; kill++) {
    const enough = figures.at(-1) ?? 0;
    const child = machine.start(['restore', 'files', '--in-place', '--yes']);
    const wait = 1 + random.below(20);
    await until(child, () => names.filter((_, i) => isNew(i)).length >= Math.min(enough + wait, names.length - 5));
    assert.equal((await child.kill()).signal, 'SIGKILL');
    for (const [i, name] of names.entries()) {
      const found = readFileSync(join(machine.data, name));
      assert.ok(
        found.equals(stored[i] ?? found) || found.equals(altered[i] ?? found),
        `${name} is neither old nor new`,
      );
    }
    figures.push(names.filter((_, i) => isNew(i)).length);
  }
  const { ino } = statSync(join(machine.data, 'folder 0'), { bigint: true });
  writeFileSync(join(machine.data, 'folder 0', unfinishedName(ino)), 'of a restore that was killed');
  const report = await machine.ask<RestoreReport>(['restore', 'files', '--in-place', '--yes']);
  t.diagnostic(
    `of ${names.length} files, ${figures.join(', ')} were new after each kill; ${report.totals?.content} were left`,
  );
  assert.equal(report.totals?.content, names.length - (figures.at(-1) ?? 0));
  assertSameContent(original, machine.data);
});

test('what is there is changed only when somebody says so, and the command that does it is named', async () => {
  await using machine = await Machine.create();
  mkdirSync(join(machine.data, 'docs'));
  for (const name of ['a', 'docs/b']) writeFileSync(join(machine.data, name), `content of ${name}`);
  await machine.ask(['run']);
  writeFileSync(join(machine.data, 'a'), 'mine');

  const unasked = await machine.call(['restore', 'files', '--in-place']);
  assertExit(unasked, 64);
  assert.match(unasked.stderr, /CONFIRMATION_NEEDED/);
  assert.match(unasked.stderr, /do it: .* restore files --in-place --yes/);
  assert.equal(readFileSync(join(machine.data, 'a'), 'utf8'), 'mine');
  const listed = await machine.call(['restore', 'files', '--in-place', '--dry-run']);
  assertExit(listed, 0);
  assert.match(listed.stdout, /^>fcst\.{6} {2}a$/m);
  assert.match(listed.stdout, /c content/);
  assert.match(listed.stderr, /Next: .* restore files --in-place\n/);
  // What is only missing is no question.
  rmSync(join(machine.data, 'docs'), { recursive: true });
  assertExit(await machine.call(['restore', 'files', '--in-place', 'docs']), 0);
  assert.ok(existsSync(join(machine.data, 'docs/b')));
  assertExit(await machine.call(['restore', 'files', '--in-place', '--conflict', 'skip']), 0);
  assert.equal(readFileSync(join(machine.data, 'a'), 'utf8'), 'mine');
  // Nor is a folder that is not there yet, or holds what was restored to it.
  const into = machine.place('into');
  assertExit(await machine.call(['restore', 'files', '--into', into]), 0);
  assertExit(await machine.call(['restore', 'files', '--into', into, '--conflict', 'replace']), 0);
  const refused = await machine.call(['restore', 'files', '--into', into]);
  assertExit(refused, 1);
  assert.match(refused.stderr, /Next: .* --conflict replace --dry-run/);
  const replaced = await machine.call(['restore', 'files', '--in-place', '--yes']);
  assertExit(replaced, 0);
  assert.equal(readFileSync(join(machine.data, 'a'), 'utf8'), 'content of a');

  for (const words of [
    ['--in-place', '--into', into],
    ['--into', into, '--delete'],
    ['--into', into, '--checksum', '--conflict', 'skip'],
  ])
    assertExit(await machine.call(['restore', 'files', ...words]), 64);
  await machine.setPolicy({ exclude: ['docs/'] });
  const guess = await machine.call([...IN_PLACE, '--yes', '--json']);
  assertExit(guess, 64);
  assert.equal(documentOf<RestoreReport>(guess).failure?.code, 'RESTORE_ORIGIN');
  await machine.setPolicy({ paths: [machine.place('moved')] });
  assertExit(await machine.call(['restore', 'files', '--in-place', '--yes']), 64);
});

test('what is selected is all that --delete looks at: by the same rules as what is restored', async () => {
  await using machine = await Machine.create();
  const names = ['docs/a', 'sub/x', 'sub/docs/b', 'other/docs/c'];
  for (const name of names) {
    mkdirSync(join(machine.data, name, '..'), { recursive: true });
    writeFileSync(join(machine.data, name), name);
  }
  await machine.ask(['run']);
  for (const name of ['docs/new', 'sub/new', 'sub/docs/new']) writeFileSync(join(machine.data, name), 'new');
  // `docs/` is the folder at the top: what others of that name have, the snapshot has too, and it is not looked for.
  await machine.ask(['restore', 'files', '--in-place', '--delete', '--yes', 'docs/', 'sub/x', '!docs/b']);
  for (const name of [...names, 'sub/new', 'sub/docs/new']) assert.ok(existsSync(join(machine.data, name)), name);
  assert.ok(!existsSync(join(machine.data, 'docs/new')));
});

test('on a terminal: a question with the first changes, and a list that fits', {
  skip: isTmuxInstalled() ? false : 'tmux is not installed',
}, async () => {
  await using machine = await Machine.create();
  for (let i = 0; i < 60; i++) writeFileSync(join(machine.data, `file ${i}`), `${i}`);
  await machine.ask(['run']);
  for (let i = 0; i < 60; i++) writeFileSync(join(machine.data, `file ${i}`), `another ${i}`);
  const env = { HOLDFAST_STATE: machine.state, HOLDFAST_PASSPHRASE: 'correct horse battery staple' };
  await using pane = await Pane.open({ folder: machine.folder, env });
  await pane.start('holdfast restore files --in-place --dry-run');
  const listed = await pane.ended();
  assert.equal(listed.exit, 0);
  assert.match(await pane.history(), /and \d+ more; --verbose lists all/);
  for (const [answer, exit] of [
    ['n', 77],
    ['', 77],
    ['y', 0],
  ] as const) {
    await pane.start('holdfast restore files --in-place');
    const asked = await pane.until((screen) => screen.includes('Go on? [y/N]'));
    assert.match(asked, />fcst\.{6} {2}file \d+/);
    assert.match(asked, /and 48 more; --dry-run lists all/);
    assert.match(asked, /60 with other content/);
    await pane.type(answer);
    assert.equal((await pane.ended()).exit, exit, answer);
    assert.equal(readFileSync(join(machine.data, 'file 7'), 'utf8'), exit === 0 ? '7' : 'another 7');
  }
});
