import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { loadPolicy } from './load.ts';
import { noVariables } from './variables.ts';

const TAPE = `export const plugin = {
  kind: 'target', name: 'tape', api: 1, version: '2.1.0', stability: 'beta', summary: 'A robot with tapes.',
  options: {
    type: 'object',
    required: ['drive', 'speed', 'label', 'retry'],
    properties: {
      drive: { type: 'string', format: 'path', description: 'The device.' },
      speed: { type: 'integer', minimum: 1, maximum: 9, default: 3, description: 'How fast.' },
      label: { enum: ['long', 'short'], description: 'What is written on it.' },
      retry: { type: 'object', properties: { times: { type: 'integer', description: 'How often.' } }, description: 'Again.' },
    },
  },
  identity: ({ drive }) => drive,
  open: async () => { throw new Error('no robot'); },
};
`;
let root = '';
before(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'holdfast-options-'));
  await writeFile(path.join(root, 'tape.mjs'), TAPE);
  await writeFile(path.join(root, 'broken.mjs'), 'throw new Error("out of tape");');
});
after(() => rm(root, { recursive: true }));

async function load(
  targets: string,
  plugins = './tape.mjs',
  jobs = 'jobs: { app: { source: app, targets: [robot] } }',
) {
  const text = `version: 1
plugins: [${plugins}]
recipients: { ops: { publicKey: ops.asc } }
sources: { app: { type: files, paths: [/srv] } }
${jobs}
targets:
  robot:
${targets}`;
  await writeFile(path.join(root, 'holdfast.yaml'), text);
  const loaded = await loadPolicy({ cwd: root, host: 'h', plugins: builtinPlugins(), variables: noVariables });
  const told = loaded.diagnostics.map(({ at, code, message, suggestion, hint }) => {
    assert.equal(at.file, path.join(root, 'holdfast.yaml'));
    return `${at.line}:${at.column} ${code} ${message}${suggestion ? ` → ${suggestion}` : ''}${hint ? ` (${hint})` : ''}`;
  });
  return { ...loaded, told };
}

describe('options of a plugin from outside', () => {
  test('are checked by its own schema, filled with its defaults, and their paths made absolute', async () => {
    const { policy, told, plugins } = await load(
      '    type: tape\n    drive: dev/st0\n    label: long\n    retry: { times: 3 }\n',
    );
    assert.deepEqual(told, []);
    assert.deepEqual(policy?.targets['robot']?.options, {
      drive: path.join(root, 'dev/st0'),
      speed: 3,
      label: 'long',
      retry: { times: 3 },
    });
    assert.equal(plugins.get('target', 'tape')?.version, '2.1.0');
  });

  test('that are wrong are told at their place, as those of built-in plugins are', async () => {
    const { policy, told } = await load(
      '    type: tape\n    drve: /dev/st0\n    speed: 12\n    label: lnog\n    retry: { tims: 3, times: often }\n',
    );
    assert.equal(policy, undefined);
    assert.deepEqual(
      told.map((line) => line.replace(/ \(.*\)$/, '')),
      [
        '9:5 HF2001 unknown field "drve" → drive',
        '10:12 HF2009 "speed" must be at most 9, not 12',
        '11:12 HF2004 "lnog" is not possible for "label"; possible: long, short → long',
        '12:14 HF2001 unknown field "tims" → times',
        '12:30 HF2003 "times" must be a whole number, not text',
      ],
    );
  });

  test('that are missing are told at the name of what misses them', async () => {
    const { told } = await load('    type: tape\n    retry: {}\n');
    assert.deepEqual(
      told.map((line) => line.slice(0, 10)),
      ['7:3 HF2002', '7:3 HF2002'],
    );
  });
});

describe('plugins of a policy', () => {
  test('that cannot be loaded are told where they are named, and not again where they are used', async () => {
    const { told, policy } = await load('    type: tape\n', './tape.mjs, ./broken.mjs, ./tpae.mjs');
    assert.equal(policy, undefined);
    assert.match(told[0] ?? '', /^2:23 HF2015 plugin \.\/broken\.mjs cannot be loaded: out of tape/);
    assert.match(told[1] ?? '', /^2:37 HF2015 plugin \.\/tpae\.mjs cannot be loaded: there is no file /);
    const again = await load('    type: tapes\n    path: /a\n', './broken.mjs', 'jobs: {}');
    assert.deepEqual(
      again.told.map((line) => line.slice(0, 12)),
      ['2:11 HF2015 '],
    );
  });

  test('are a list of names: anything else is a mistake of its own, and loads nothing', async () => {
    const { told, plugins } = await load('    type: local\n    path: /a\n', '5, {}, ""');
    assert.deepEqual(
      told.map((line) => line.slice(0, 12).trim()),
      ['2:11 HF2003', '2:14 HF2003', '2:18 HF2009'],
    );
    assert.deepEqual(plugins.names('target'), ['local']);
  });
});
