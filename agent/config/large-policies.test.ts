import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { gatherText } from './gathering.ts';
import { checkEverywhere, type Loaded } from './load.ts';
import { noVariables } from './variables.ts';

const plugins = builtinPlugins();
const head = `version: 1
recipients: { ops: { publicKey: ops.asc } }
targets: { local: { type: local, path: /b } }
sources: { app: { type: files, paths: [/srv] } }
`;
const jobs = (count: number, more = '') => {
  const fields = `source: app, targets: [local], timeout: 2h, schedule: every 1h${more}`;
  return `jobs:\n${Array.from({ length: count }, (_, index) => `  job-${index}: { ${fields} }\n`).join('')}`;
};

/** Checks a policy for all its hosts, and prints what that took; nothing is decided by it. */
function check(t: TestContext, text: string): Loaded {
  const started = performance.now();
  const loaded = checkEverywhere(gatherText(text, '/etc/p.yaml', { plugins, variables: noVariables }), 'h');
  const [size, took] = [(text.length / 2 ** 20).toFixed(1), Math.round(performance.now() - started)];
  t.diagnostic(`${size} MiB in ${took} ms, ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB resident`);
  return loaded;
}

const codesOf = ({ diagnostics }: Loaded) => [...new Set(diagnostics.map(({ code }) => code))];

describe('a large policy is answered', () => {
  test('ten thousand jobs', (t) => {
    assert.equal(Object.keys(check(t, head + jobs(10_000)).policy?.jobs ?? {}).length, 10_000);
  });

  test('ten thousand mistakes, each at its place', (t) => {
    const { diagnostics } = check(t, head + jobs(10_000, ', pipelin: x'));
    const mistakes = diagnostics.filter(({ code }) => code === 'HF2001');
    assert.equal(new Set(mistakes.map(({ at }) => at.line)).size, 10_000);
  });

  test('a thousand jobs on a hundred hosts', (t) => {
    const hosts = Array.from({ length: 100 }, (_, index) => `  h-${index}: { limits: { files: ${index} } }\n`);
    const { diagnostics } = check(t, `${head}${jobs(1000)}hosts:\n${hosts.join('')}`);
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    assert.deepEqual(
      errors.map(({ code, origin }) => `${code} ${origin}`),
      ['HF2009 from hosts.h-0, on host h-0'],
    );
  });

  test('ten megabytes', (t) => {
    const paths = Array.from(
      { length: 190_000 },
      (_, index) => `      - /srv/a/folder/with/a/long/name/number-${index}/data\n`,
    );
    const { policy } = check(t, `${head}${jobs(1)}x-more:\n${paths.join('')}`);
    assert.ok(policy);
  });
});

describe('hostile text costs no more than its size', () => {
  test('aliases that expand to billions', (t) => {
    const bomb = [...'bcdefghij'].map(
      (name, index) => `x-${name}: &${name} [${Array(10).fill(`*${'abcdefghi'[index]}`)}]\n`,
    );
    assert.deepEqual(codesOf(check(t, `${head}x-a: &a [${Array(10).fill('x')}]\n${bomb.join('')}${jobs(1)}`)), [
      'HF1008',
    ]);
  });

  test('half a million variables that never end', (t) => {
    const told = codesOf(check(t, `${head}x-a: "${'${'.repeat(400)}"\nx-b: "${'x${A:-'.repeat(400)}"\n${jobs(1)}`));
    assert.ok(told.includes('HF1014'), told.join(' '));
    assert.deepEqual(codesOf(check(t, `${head}x-a: "${'${'.repeat(500_000)}"\n`)), ['HF1013']);
  });

  test('a hundred thousand variables that nobody set', (t) => {
    const lines = Array.from({ length: 100_000 }, (_, index) => `  - \${NAME_${index % 50}}\n`);
    const { diagnostics } = check(t, `${head}x-a:\n${lines.join('')}${jobs(1)}`);
    assert.equal(diagnostics.filter(({ code }) => code === 'HF5001').length, 50);
  });

  test('words of a schedule that go on and on', (t) => {
    for (const word of ['daily at '.repeat(50_000), `at ${'1'.repeat(100_000)}`, `mon${', mon'.repeat(50_000)} at x`]) {
      assert.ok(codesOf(check(t, `${head}schedules:\n  a: ${JSON.stringify(word)}\n${jobs(1)}`)).includes('HF2019'));
    }
  });
});
