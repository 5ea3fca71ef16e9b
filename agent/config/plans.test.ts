import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { definePlugin, type Source, Type } from '../contract/index.ts';
import { parsePolicy } from './load.ts';
import { PluginRegistry } from './registry.ts';

const builtin = builtinPlugins();
const tape = definePlugin({
  kind: 'source',
  name: 'tape',
  api: 1,
  version: '1.0.0',
  stability: 'experimental',
  summary: 'A source that has no place to rehearse in.',
  options: Type.Object({}),
  can: [],
  open: (): Promise<Source> => Promise.reject(new Error('validation opens nothing')),
});
const plugins = new PluginRegistry([
  { plugin: tape, module: 'file:///tape.ts' },
  ...(['source files', 'target local', 'chunker fastcdc', 'codec zstd'] as const).map((one) => {
    const [kind, name] = one.split(' ') as ['source', 'files'];
    const plugin = builtin.get(kind, name);
    assert.ok(plugin);
    return { plugin, module: builtin.module(kind, name) };
  }),
]);

const told = (plans: string) =>
  parsePolicy({
    text: `version: 1
recipients: { ops: { publicKey: ops.asc } }
targets: { local: { type: local, path: /b } }
sources: { app: { type: files, paths: [/srv] }, tape: { type: tape } }
jobs: { app: { source: app, targets: [local] }, tape: { source: tape, targets: [local] } }
plans:
${plans}`,
    file: '/etc/p.yaml',
    host: 'h',
    plugins,
  })
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ at, code }) => `${at.line}:${at.column} ${code}`);

test('a plan that is rehearsed needs a place for each source: the plugin makes one, or the step names one', () => {
  const plan = (steps: string, drill = '\n    drill: { schedule: monthly on 1 at 10:00 }\n') =>
    `  all:\n    steps: [${steps}]${drill}`;
  assert.deepEqual(told(plan('{ restore: app }')), []);
  assert.deepEqual(told(plan('{ restore: app }, { restore: tape }')), ['8:42 HF4016']);
  assert.deepEqual(told(plan('{ parallel: [{ restore: tape }] }')), ['8:37 HF4016']);
  assert.deepEqual(told(plan('{ restore: tape, into: /scratch }')), []);
  assert.deepEqual(told(plan('{ restore: tape }', '\n')), [], 'without a drill it may go where it was');
});

test('circles of plans are told once, however many lead into them', () => {
  const calls = (name: string, ...plans: string[]) =>
    `  ${name}: { steps: [${plans.map((plan) => `{ plan: ${plan} }`).join(', ')}] }`;
  assert.deepEqual(told([calls('a', 'b', 'c'), calls('b', 'c'), calls('c', 'd'), calls('d', 'b')].join('\n')), [
    '10:24 HF3010',
  ]);
  assert.deepEqual(told(calls('a', 'a')), ['7:24 HF3010']);
  assert.deepEqual(told([calls('a', 'b', 'b'), '  b: { steps: [{ start: [x] }] }'].join('\n')), []);
});
