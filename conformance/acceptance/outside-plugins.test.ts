import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { RunReport } from '../../agent/engine/run-report.ts';
import type { VerifyReport } from '../../agent/recovery/verification.ts';
import type { SnapshotHeader } from '../../agent/repository/snapshot.ts';
import { prose } from '../kit/samples.ts';
import { Machine } from './machine.ts';
import { install, newPlugin } from './outside-plugins.ts';
import { assertExit, type Ended } from './program.ts';

const DIARY = './plugins/diary/index.ts';
const SHED = './plugins/shed/index.ts';
const SNIPS = './plugins/snips/index.ts';
const SQUASH = '@own/squash';

let machine: Machine;

/** A policy with these plugins; with those it needs, the job `diary` uses one of each kind. */
function setPolicy(plugins: readonly string[], { average = 4096 } = {}): void {
  const has = (name: string) => plugins.includes(name);
  const own = has(DIARY) && has(SHED) && has(SNIPS) && has(SQUASH);
  const targets = has(SHED) ? '[local, shed]' : '[local]';
  const lines = [
    'version: 1',
    `plugins: ${JSON.stringify(plugins)}`,
    'recipients: { recovery: { publicKey: recovery.asc } }',
    'retention: { standard: { keep: { last: 9 } } }',
    'targets:',
    `  local: { type: local, path: repository }`,
    ...(has(SHED) ? ['  shed: { type: shed, path: shed }'] : []),
    'sources:',
    '  files: { type: files, paths: [data] }',
    ...(has(DIARY) ? ['  diary: { type: diary, folder: notes }'] : []),
    'jobs:',
    `  files: { source: files, targets: ${targets}, retention: standard }`,
    ...(own ? [`  diary: { source: diary, pipeline: own, targets: ${targets}, retention: standard }`] : []),
    ...(own ? ['pipelines:', '  own:', `    - chunk: { algorithm: snips, average: ${average} }`] : []),
    ...(own ? ['    - compress: squash', '    - encrypt: aes-256-gcm', '    - checksum: sha256'] : []),
  ];
  writeFileSync(machine.policy, `${lines.join('\n')}\n`);
}

const all = [DIARY, SHED, SNIPS, SQUASH];

before(async () => {
  machine = await Machine.create();
  for (const [kind, name] of [
    ['source', 'diary'],
    ['target', 'shed'],
    ['chunker', 'snips'],
    ['codec', 'squash'],
  ] as const) {
    newPlugin(kind, name, machine.place('plugins'));
  }
  install(machine.place('plugins/squash'), SQUASH, machine.folder);
  renameSync(machine.place('plugins/squash'), machine.place('sources-of-squash'));
  writeFileSync(join(machine.data, 'ordinary'), prose(1, 100_000));
  mkdirSync(machine.place('notes'));
  for (const [n, name] of ['monday', 'tuesday', 'ünïcode'].entries()) {
    writeFileSync(machine.place(`notes/${name}`), prose(10 + n, 200_000 * n));
  }
});
after(() => machine[Symbol.asyncDispose]());

function contentOf(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')]));
}

function assertSays({ stdout, stderr }: Ended, ...words: RegExp[]): void {
  for (const word of words) assert.match(stdout + stderr, word);
}

describe('a source, a target, a chunker and a codec from outside', () => {
  test('back up, verify and restore like those that come with the agent', async () => {
    setPolicy(all);
    assertExit(await machine.call(['init']), 0);
    assertExit(await machine.call(['validate']), 0);
    const { runs } = await machine.ask<{ runs: readonly RunReport[] }>(['run']);
    assert.deepEqual(
      runs.map(({ job, verdict }) => [job, verdict]),
      [
        ['files', 'ok'],
        ['diary', 'ok'],
      ],
    );
    assert.ok(
      readdirSync(machine.place('shed')).some((name) => name.startsWith('packs+')),
      'nothing lies in the shed',
    );
    const verified = await machine.ask<VerifyReport>(['verify', '--level', 'decrypt']);
    assert.deepEqual([verified.verdict, verified.findings], ['ok', []]);
    assertExit(await machine.call(['restore', 'diary', '--target', 'shed', '--into', 'back']), 0);
    assert.deepEqual(contentOf(machine.place('back')), contentOf(machine.place('notes')));
    assertExit(await machine.call(['restore', 'files', '--target', 'shed', '--into', 'files-back']), 0);
    assert.deepEqual(contentOf(machine.place('files-back')), contentOf(machine.data));
  });

  test('find again what they stored', async () => {
    const { runs } = await machine.ask<{ runs: readonly RunReport[] }>(['run', 'diary']);
    assert.equal(runs[0]?.totals.newChunks, 0);
  });

  test('stand in the snapshot with their versions and modules', async () => {
    const { snapshots } = await machine.ask<{ snapshots: readonly SnapshotHeader[] }>(['snapshots', 'diary']);
    assert.deepEqual(snapshots[0]?.pipeline, {
      source: { type: 'diary', version: '0.1.0', from: DIARY },
      chunk: { type: 'snips', version: '0.1.0', from: SNIPS, options: { average: 4096 } },
      compress: {
        type: 'squash',
        version: '0.1.0',
        from: SQUASH,
        id: Number(/id: (\d+),/.exec(readFileSync(machine.place('sources-of-squash/index.ts'), 'utf8'))?.[1]),
        options: { level: 6 },
      },
      encrypt: 'aes-256-gcm',
      checksum: 'sha256',
    });
  });

  test('have their options checked at their place in the policy', async () => {
    setPolicy(all, { average: 7 });
    const told = await machine.call(['validate']);
    assertExit(told, 78);
    assertSays(told, /holdfast\.yaml:16:43: error\[HF2009\] "average" must be at least 1024, not 7/);
  });
});

describe('a plugin that is gone', () => {
  test('keeps nothing from working that does not need it', async () => {
    setPolicy([]);
    assertExit(await machine.call(['validate']), 0);
    assertExit(await machine.call(['run']), 0);
    assertExit(await machine.call(['restore', 'files', '--into', 'without']), 0);
    assert.deepEqual(contentOf(machine.place('without')), contentOf(machine.data));
    assertExit(await machine.call(['verify', '--level', 'decrypt', 'files']), 0);
    assertExit(await machine.call(['verify', '--level', 'checksum']), 0);
    assertExit(await machine.call(['snapshots']), 0);
  });

  test('is named with its version and what brings it back: a source', async () => {
    const told = await machine.call(['restore', 'diary', '--into', 'lost']);
    assertExit(told, 78);
    assertSays(told, /was made by source plugin "diary" 0\.1\.0 \(\.\/plugins\/diary\/index\.ts\), which is not here/);
    assertSays(told, /bring back \.\/plugins\/diary\/index\.ts and name it under "plugins" in the policy/);
    assert.ok(!readdirSync(machine.folder).includes('lost'));
  });

  test('is named with its version and what brings it back: a codec', async () => {
    setPolicy([DIARY]);
    const told = await machine.call(['restore', 'diary', '--into', 'lost']);
    assertExit(told, 78);
    assertSays(told, /codec plugin "squash" 0\.1\.0 \(@own\/squash\) is not here/);
    assertSays(told, /npm install @own\/squash@0\.1\.0 beside the policy/);
    const verified = await machine.call(['verify', '--level', 'decrypt', 'diary']);
    assertExit(verified, 1);
    assertSays(verified, /codec plugin "squash" 0\.1\.0/);
  });

  test('is told where the policy names it: a chunker and a target', async () => {
    writeFileSync(machine.policy, readFileSync(machine.policy, 'utf8').replace(/ type: local,/, ' type: shed,'));
    const told = await machine.call(['validate']);
    assertExit(told, 78);
    assertSays(told, /error\[HF2014\] there is no target "shed"/, /others are brought by "plugins"/);
    setPolicy([DIARY, './plugins/snips/gone.ts']);
    const missing = await machine.call(['validate']);
    assertExit(missing, 78);
    assertSays(
      missing,
      /holdfast\.yaml:2:38: error\[HF2015\] plugin \.\/plugins\/snips\/gone\.ts cannot be loaded: there is no file /,
    );
  });

  test('restores what needs it as soon as it is back; a chunker and a target are not needed for that', async () => {
    setPolicy([DIARY, SQUASH]);
    assertExit(await machine.call(['restore', 'diary', '--into', 'found']), 0);
    assert.deepEqual(contentOf(machine.place('found')), contentOf(machine.place('notes')));
  });
});

describe('a module from outside', () => {
  test('that everybody can write to is not run', async () => {
    setPolicy(all);
    const file = machine.place('plugins/diary/index.ts');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `${text}\nprocess.stdout.write('it ran');\n`);
    chmodSync(file, 0o666);
    const told = await machine.call(['run']);
    chmodSync(file, 0o644);
    writeFileSync(file, text);
    assertExit(told, 78);
    assertSays(told, /error\[HF2018\] plugin \.\/plugins\/diary\/index\.ts could be changed by other users/);
    assert.ok(!told.stdout.includes('it ran'));
  });

  test('that is TypeScript in a package, or does not end loading, is told', async () => {
    mkdirSync(machine.place('node_modules/typed'));
    writeFileSync(machine.place('node_modules/typed/index.ts'), 'export const plugin: number = 1;');
    writeFileSync(machine.place('node_modules/typed/package.json'), '{ "name": "typed", "exports": "./index.ts" }');
    writeFileSync(machine.place('plugins/typo.ts'), 'export const plugin = {\n  kind: const,\n};');
    setPolicy(['typed', './plugins/typo.ts']);
    const told = await machine.call(['validate']);
    assertExit(told, 78);
    assertSays(told, /error\[HF2015\] plugin typed cannot be loaded/, /an installed package must hold JavaScript/);
    assertSays(told, /error\[HF2015\] plugin \.\/plugins\/typo\.ts cannot be loaded: .*typo\.ts:2: /);
  });
});
