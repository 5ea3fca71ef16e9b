import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { COMMAND } from './child.fixture.ts';

/** docs/ci.md is typed off: its YAML must be what the services read, and its commands must do what it says. */
const page = await readFile(new URL('../../docs/ci.md', import.meta.url), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, text = '']) =>
    name === language ? [text] : [],
  );

interface Step {
  readonly run?: string;
}
interface Documents {
  readonly jobs?: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
  readonly repos?: readonly { readonly hooks: readonly { readonly entry: string }[] }[];
  readonly policy?: { readonly script: readonly string[]; readonly artifacts: { readonly reports: { junit: string } } };
}
const documents = blocks('yaml').map((text): Documents => parse(text));
const workflows = documents.filter(({ jobs }) => jobs !== undefined);
const hooks = documents.filter(({ repos }) => repos !== undefined);
const [gitlab, ...others] = documents.flatMap(({ policy }) => policy ?? []);
const [jenkins = ''] = blocks('groovy');

const commands = {
  workflows: workflows.flatMap(({ jobs = {} }) =>
    Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? [])),
  ),
  gitlab: gitlab?.script ?? [],
  jenkins: [...jenkins.matchAll(/sh '(.+)'/g)].map(([, command = '']) => command),
  hooks: hooks.flatMap(({ repos = [] }) => repos.flatMap((repo) => repo.hooks.map(({ entry }) => entry))),
  shell: blocks('sh').filter((text) => !text.includes('--json')),
};

const RIGHT = `version: 1
recipients: { ops: { publicKey: ops.asc } }
targets: { local: { type: local, path: /backup } }
sources: { app: { type: files, paths: [/srv] } }
jobs: { app: { source: app, targets: [local] } }
`;

let root = '';
before(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'holdfast-ci-')));
  for (const [name, text] of Object.entries({ right: RIGHT, wrong: `${RIGHT}retension: {}\n` })) {
    const folder = path.join(root, name);
    await mkdir(path.join(folder, 'node_modules/.bin'), { recursive: true });
    await mkdir(path.join(folder, 'policies'));
    const installed = path.join(folder, 'node_modules/.bin/holdfast');
    await writeFile(installed, `#!/bin/sh\nexec ${COMMAND} "$@"\n`);
    await chmod(installed, 0o755);
    await writeFile(path.join(folder, 'package.json'), '{ "name": "policies", "private": true }\n');
    await writeFile(path.join(folder, 'holdfast.yaml'), text);
    await writeFile(path.join(folder, 'policies/a.yaml'), text);
    await writeFile(path.join(folder, 'policies/b.yaml'), RIGHT);
  }
});
after(() => rm(root, { recursive: true }));

function shell(policy: 'right' | 'wrong', command: string) {
  const PATH = `${path.dirname(process.execPath)}${path.delimiter}${process.env['PATH']}`;
  const settings = { npm_config_update_notifier: 'false', npm_config_registry: 'http://127.0.0.1:9' };
  // Not the state of whoever runs the tests, where a recovery key may lie.
  const env = { PATH, HOME: root, HOLDFAST_STATE: path.join(root, 'state'), ...settings };
  return spawnSync('bash', ['-e', '-c', command], { cwd: path.join(root, policy), env, encoding: 'utf8' });
}

const stored = createRequire(import.meta.url);
const schema = (name: string): object => stored(`schemastore/schemas/json/${name}.json`);
const ajv = new Ajv({ strict: false, unicodeRegExp: false, validateFormats: false });
ajv.addSchema(schema('pre-commit-hooks'));
for (const [name, description, all] of [
  ['GitHub', schema('github-workflow'), workflows],
  ['pre-commit', schema('pre-commit-config'), hooks],
] as const) {
  test(`the YAML for ${name} is what its schema describes`, () => {
    const check = ajv.compile(description);
    assert.ok(all.length > 0);
    for (const one of all) assert.ok(check(one), JSON.stringify(check.errors, null, 2));
  });
}

test('GitLab is given the report that the script writes', () => {
  assert.deepEqual(others, []);
  assert.equal(documents.length, workflows.length + hooks.length + 1);
  assert.match(gitlab?.script.join('\n') ?? '', new RegExp(`> ${gitlab?.artifacts.reports.junit} `));
  assert.match(jenkins, /junit 'holdfast\.xml'/);
});

describe('every command ends with 0 for a right policy, and with 78 for a wrong one', () => {
  for (const [place, all] of Object.entries(commands)) {
    const own = all.filter((command) => command.includes('holdfast'));
    test(place, () => {
      assert.ok(own.length > 0);
      for (const command of own) {
        const right = shell('right', command);
        assert.equal(right.status, 0, `${command}\n${right.stdout}\n${right.stderr}`);
        const wrong = shell('wrong', command);
        assert.equal(wrong.status, 78, `${command}\n${wrong.stdout}\n${wrong.stderr}`);
        if (!command.includes('sarif')) assert.match(wrong.stdout, /6:1: error\[HF2001\]/, command);
      }
    });
  }
});

test('what is redirected is written also when the policy is wrong', async () => {
  for (const command of [...commands.workflows, ...commands.gitlab].filter((one) => one.includes('>'))) {
    shell('wrong', command);
    const [, file = ''] = /> (\S+)/.exec(command) ?? [];
    const text = await readFile(path.join(root, 'wrong', file), 'utf8');
    assert.ok(
      file.endsWith('.xml') ? /<failure [^>]*type="HF2001"/.test(text) : JSON.parse(text).runs.length === 1,
      text,
    );
  }
});

test('the JSON is read as the example reads it', () => {
  const [command = ''] = blocks('sh').filter((text) => text.includes('--json'));
  assert.equal(shell('right', command).stdout, '\n');
  const { stdout, stderr } = shell('wrong', command);
  assert.match(stdout, /^\/.*\/wrong\/holdfast\.yaml:6 HF2001 unknown field "retension"\n$/, stderr);
});
