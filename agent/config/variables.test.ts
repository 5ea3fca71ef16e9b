import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { parsePolicy } from './load.ts';
import { expand, noVariables, variablesOf } from './variables.ts';

const env = { DIR: '/data', EMPTY: '', N: '4', YES: 'true', DB_PASSWORD: 'hunter2', NOTHING: 'null' };
const here = variablesOf(env, 'missing');

function expanded(text: string, plain = true, variables = here): unknown {
  const { value, unknown, remarks } = expand(text, plain, variables);
  return remarks.length > 0 || unknown ? remarks.map(({ code }) => code).join(' ') : value;
}

describe('variables', () => {
  test('are put in, with defaults where they are unset or empty, as a shell does', () => {
    assert.equal(expanded('${DIR}/app'), '/data/app');
    assert.equal(expanded('${DIR}${DIR}'), '/data/data');
    assert.equal(expanded('${NO:-/tmp}/x'), '/tmp/x');
    assert.equal(expanded('${EMPTY:-/tmp}'), '/tmp');
    assert.equal(expanded('${DIR:-/tmp}'), '/data');
    assert.equal(expanded('${NO:-}'), null);
    assert.equal(expanded('${DIR:?where it is}'), '/data');
    assert.equal(expanded('a $${DIR} $DIR {x}'), 'a ${DIR} $DIR {x}');
  });

  test('are read again as YAML reads what stands without quotes', () => {
    assert.equal(expanded('${N}'), 4);
    assert.equal(expanded('${N}', false), '4');
    assert.equal(expanded('${YES}'), true);
    assert.equal(expanded('${NO:-1.5}'), 1.5);
    assert.equal(expanded('${NOTHING}'), null);
    assert.equal(expanded('${N}GiB'), '4GiB');
  });

  test('never bring in another variable, nor structure', () => {
    const nested = variablesOf({ A: '${DIR}', B: '[1, 2]' }, 'missing');
    assert.equal(expanded('${A}', true, nested), '${DIR}');
    assert.equal(expanded('${B}', true, nested), '[1, 2]');
  });

  test('that are malformed, unset or secret are told', () => {
    assert.equal(expanded('${NO}'), 'HF5002');
    assert.equal(expanded('${NO:?where it is}'), 'HF5002');
    assert.equal(expanded('${NO}', true, noVariables), 'HF5001');
    assert.equal(expanded('${DIR}', true, noVariables), 'HF5001', 'nothing is looked up');
    for (const text of ['${', '${DIR', '${}', '${1A}', '${DIR-x}', '${A:-${DIR}}', '${DIR:+x}']) {
      assert.match(String(expanded(text)), /HF1014/, text);
    }
    for (const name of ['DB_PASSWORD', 'API_KEY', 'TOKEN', 'aws_secret_access_key', 'MY_PASSPHRASE']) {
      assert.equal(expanded(`\${${name}:-x}`), 'HF2011', name);
    }
    for (const name of ['MONKEY', 'KEY_ID', 'KEYS_FOLDER', 'COMPASS']) {
      assert.equal(expanded(`\${${name}:-x}`), 'x', name);
    }
  });
});

describe('a policy with variables', () => {
  const plugins = builtinPlugins();
  const policy = (path: string, more = '') => `
version: 1
recipients: { ops: { publicKey: keys/ops.asc } }
targets:
  local:
    type: local
    path: ${path}
sources: { app: { type: files, paths: [/srv] } }
jobs: { app: { source: app, targets: [local] } }
${more}`;
  const parse = (text: string, variables = noVariables) =>
    parsePolicy({ text, file: '/etc/p/x.yaml', host: 'h', plugins, variables });
  const told = ({ diagnostics }: ReturnType<typeof parse>) =>
    diagnostics.map(({ at, code, severity }) => `${severity} ${at.line}:${at.column} ${code}`);

  test('is checked without any environment, and what is unknown is only noted', () => {
    const loaded = parse(policy('${DIR}/backup', 'limits:\n  workers: ${N}\n  memory: ${MEMORY}'));
    assert.deepEqual(told(loaded), ['note 7:11 HF5001', 'note 11:12 HF5001', 'note 12:11 HF5001']);
    assert.equal(loaded.policy, undefined, 'a number that is not known is not made up');
    assert.ok(parse(policy('${DIR}/backup')).policy);
  });

  test('has other mistakes too, which are told', () => {
    const text = policy('${DIR}/backup', 'limits:\n  workers: ${N}\n  file: 9').replace('app, targets', 'ap, targets');
    assert.deepEqual(
      told(parse(text)).filter((line) => line.startsWith('error')),
      ['error 9:24 HF3001', 'error 12:3 HF2001'],
    );
  });

  test('is what the environment makes of it', () => {
    const { policy: resolved } = parse(policy('${DIR}/backup', 'limits:\n  workers: ${N}'), here);
    assert.equal(resolved?.limits.workers, 4);
    assert.deepEqual(resolved?.targets['local']?.options, { path: '/data/backup' });
    assert.deepEqual(told(parse(policy('${NO}/backup'), here)), ['error 7:11 HF5002']);
  });

  test('tells each variable once, where it first stands', () => {
    const text = policy('${DIR}/backup').replace('[/srv]', '["${DIR}/a", "${DIR}/b"]');
    assert.deepEqual(told(parse(text)), ['note 7:11 HF5001']);
  });

  test('has a value that does not fit told at its place', () => {
    const { diagnostics } = parse(policy('/b', 'limits:\n  workers: ${DIR}'), here);
    assert.deepEqual(
      diagnostics.map(({ at, code }) => `${at.line}:${at.column} ${code}`),
      ['11:12 HF2003'],
    );
  });
});
