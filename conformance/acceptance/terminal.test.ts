import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Machine, PASSPHRASE } from './machine.ts';
import { isTmuxInstalled, Pane } from './pane.ts';

const skip = isTmuxInstalled() ? false : 'tmux is not installed';

async function started(columns?: number): Promise<{ machine: Machine; pane: Pane } & AsyncDisposable> {
  const machine = await Machine.create();
  await writeFile(`${machine.data}/file`, 'content');
  const env = { HOLDFAST_STATE: machine.state };
  const pane = await Pane.open({ folder: machine.folder, env, ...(columns !== undefined && { columns }) });
  return {
    machine,
    pane,
    async [Symbol.asyncDispose]() {
      await pane[Symbol.asyncDispose]();
      await machine[Symbol.asyncDispose]();
    },
  };
}

/** What comes in on stdin, in the hands of the test: a pipe with a name. */
async function pipe(machine: Machine) {
  const file = machine.place('pipe');
  assert.equal(spawnSync('mkfifo', [file]).status, 0);
  return file;
}

const BLOCK = Buffer.alloc(256 * 1024, 'not much of a backup');
const lastLine = (screen: string) => screen.trimEnd().split('\n').at(-1) ?? '';

test('progress shows rate and time left, fits when the window narrows, and Ctrl-C ends cleanly', { skip }, async () => {
  await using scene = await started();
  const { machine, pane } = scene;
  // What the last run saw is the total of this one.
  await machine.ask(['run', '--stdin', 'dump'], { input: Array.from({ length: 400 }, () => BLOCK) });
  const before = await pane.settings();
  const file = await pipe(machine);
  await pane.start(`holdfast run --stdin dump < ${file}`);
  await using writing = await open(file, 'w');
  const feed = async () => void (await writing.write(BLOCK));
  const wide = await pane.until((screen) => /left/.test(lastLine(screen)), feed);
  assert.match(lastLine(wide), /^dump capturing {2}\d+ % {2}[\d.]+ [KM]iB of 100 MiB {2}[\d.,]+ [KM]iB\/s {2}.+ left/);
  await pane.resize(50);
  const fits = (screen: string) => /^dump capturing {2}\d+ %/.test(lastLine(screen)) && !/left/.test(lastLine(screen));
  await pane.until(fits, feed);
  const narrow = (await pane.screen()).trimEnd().split('\n').length;
  const [drawn] = [lastLine(await pane.screen())];
  const later = await pane.until((screen) => lastLine(screen) !== drawn, feed);
  assert.equal(later.trimEnd().split('\n').length, narrow, `drawn over itself:\n${later}`);
  await pane.press('C-c');
  const { exit, screen, settings } = await pane.ended();
  assert.equal(exit, 130);
  assert.match(screen, /! Interrupted: stopping; nothing half-written/);
  assert.match(screen, /■ dump {2}cancelled, no snapshot was made/);
  assert.doesNotMatch(screen.slice(screen.indexOf('Interrupted')), /capturing/);
  assert.equal(settings, before);
  assert.ok(await pane.isCursorShown());
  assert.equal((await machine.snapshots()).length, 1);
});

test('colours on a terminal; none by --no-color, NO_COLOR and TERM=dumb', { skip }, async () => {
  await using scene = await started();
  const { pane } = scene;
  await pane.start('holdfast plan');
  await pane.ended();
  assert.ok((await pane.screen({ colours: true })).includes('\x1b[1mfiles'));
  for (const command of ['holdfast --no-color plan', 'NO_COLOR=1 holdfast plan', 'TERM=dumb holdfast plan']) {
    await pane.start(command);
    await pane.ended();
    const screen = await pane.screen({ colours: true });
    assert.ok(screen.includes('writes to') && !screen.includes('\x1b'), `${command}:\n${screen}`);
  }
});

test('a passphrase is typed unseen; a wrong key of the keyboard is taken back; Ctrl-C ends', { skip }, async () => {
  await using scene = await started();
  const { machine, pane } = scene;
  await machine.ask(['run']);
  const before = await pane.settings();
  await pane.start('holdfast ls files');
  await pane.until((screen) => screen.includes('Passphrase of the recovery key:'));
  await pane.write('wrong');
  await pane.press('C-u');
  await pane.type(PASSPHRASE);
  const { exit, screen, settings } = await pane.ended();
  assert.deepEqual([exit, settings], [0, before]);
  assert.match(screen, /^file$/m);
  const all = await pane.history();
  for (const word of ['wrong', ...PASSPHRASE.split(' ')]) assert.ok(!all.includes(word), `${word} was shown:\n${all}`);
  await pane.start('holdfast ls files');
  await pane.until((text) => text.includes('Passphrase of the recovery key:'));
  await pane.press('C-c');
  const stopped = await pane.ended();
  assert.deepEqual([stopped.exit, stopped.settings], [130, before]);
});

for (const columns of [100, 30]) {
  test(`init shows a passphrase once and takes it off the screen, ${columns} columns wide`, { skip }, async () => {
    await using scene = await started(columns);
    const { machine, pane } = scene;
    const place = machine.place('new');
    const init = 'HOLDFAST_STATE=$PWD/state holdfast init --policy holdfast.yaml';
    await mkdir(place);
    const before = await pane.settings();
    await pane.start(`cd new; ${init}`);
    const asked = (screen: string) => /Press Enter/.test(screen);
    await pane.until(asked);
    await pane.press('C-c');
    const stopped = await pane.ended();
    assert.deepEqual([stopped.exit, stopped.settings], [130, before]);
    assert.ok(!existsSync(`${place}/state/recovery-key.asc`), 'a key that nobody has the passphrase of');
    assert.ok(!existsSync(`${place}/holdfast.yaml`));

    await pane.start(init);
    await pane.until(asked);
    const shown = await pane.history();
    const [, passphrase = ''] = /^ {4}(\S.*\S)\s*$/m.exec(shown) ?? [];
    assert.ok(passphrase.length > 10, shown);
    await pane.write('typed');
    await pane.press('Enter');
    const { exit, settings } = await pane.ended();
    assert.deepEqual([exit, settings], [0, before]);
    const all = (await pane.history()).replaceAll('\n', '');
    for (const text of [passphrase, 'typed', 'Write it down']) assert.ok(!all.includes(text), `${text}:\n${all}`);
    await machine.ask(['run'], { cwd: place, env: { HOLDFAST_STATE: `${place}/state` } });
    const env = { HOLDFAST_STATE: `${place}/state`, HOLDFAST_PASSPHRASE: passphrase };
    await machine.ask(['ls', 'files'], { cwd: place, env });
  });
}
