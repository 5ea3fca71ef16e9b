import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { builtinPlugins } from '../../cli/builtin.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { gatherPolicy } from '../gathering.ts';
import { checkEverywhere, loadPolicy } from '../load.ts';
import { noVariables } from '../variables.ts';
import { matchesHost } from './hosts.ts';

const plugins = builtinPlugins();
const base = {
  version: 'version: 1',
  recipients: 'recipients: { ops: { publicKey: keys/ops.asc } }',
  targets: 'targets: { local: { type: local, path: backup } }',
  sources: 'sources: { app: { type: files, paths: [/srv] } }',
  jobs: 'jobs: { app: { source: app, targets: [local] } }',
};
const text = (sections: Readonly<Record<string, string>> = {}) =>
  `${Object.values({ ...base, ...sections }).join('\n')}\n`;

let root = '';
before(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'holdfast-merging-'));
});
after(() => rm(root, { recursive: true }));

let count = 0;
async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const at = path.join(root, String(count++));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(at, name)), { recursive: true });
    await writeFile(path.join(at, name), content);
  }
  return at;
}

const load = (at: string, host = 'h') => loadPolicy({ cwd: at, path: at, host, plugins, variables: noVariables });
const everywhere = async (at: string) =>
  checkEverywhere(await gatherPolicy({ cwd: at, path: at }, { plugins, variables: noVariables }), 'h');
const told = ({ diagnostics }: { readonly diagnostics: readonly Diagnostic[] }) =>
  diagnostics
    .filter(({ severity }) => severity !== 'note')
    .map(({ at, code }) => `${path.basename(at.file)}:${at.line}:${at.column} ${code}`);

describe('includes', () => {
  test('bring in files, of which the including one wins; paths are relative to the file they stand in', async () => {
    const at = await folder({
      'holdfast.yaml': `include: [parts/*.yaml]\n${text({ limits: 'limits: { files: 3 }' })}`,
      'parts/limits.yaml': 'limits: { files: 5, memory: 64MiB }\n',
      'parts/more.yaml': 'recipients: { safe: { publicKey: safe.asc } }\n',
    });
    const { policy, diagnostics, files } = await load(at);
    assert.deepEqual(diagnostics, []);
    assert.equal(policy?.limits.files, 3);
    assert.equal(policy?.limits.memoryBytes, 2 ** 26);
    assert.equal(policy?.recipients['ops']?.publicKey, path.join(at, 'keys/ops.asc'));
    assert.equal(policy?.recipients['safe']?.publicKey, path.join(at, 'parts/safe.asc'));
    assert.deepEqual(policy?.recipients['safe']?.at.file, path.join(at, 'parts/more.yaml'));
    assert.deepEqual(
      files.map((file) => path.relative(at, file)),
      ['holdfast.yaml', 'parts/limits.yaml', 'parts/more.yaml'],
    );
  });

  test('have their mistakes told in their own files, with where they came from', async () => {
    const at = await folder({
      'holdfast.yaml': `include: [jobs.yaml]\n${text({ jobs: '' })}`,
      'jobs.yaml': 'jobs:\n  app: { source: ap, targets: [local] }\n',
    });
    const loaded = await load(at);
    assert.deepEqual(told(loaded), ['jobs.yaml:2:18 HF3001']);
    assert.equal(loaded.diagnostics[0]?.sourceLine, '  app: { source: ap, targets: [local] }');
    assert.match(loaded.diagnostics[0]?.origin ?? '', /jobs\.yaml/);
  });

  test('in a circle are named', async () => {
    const at = await folder({
      'holdfast.yaml': `include: [a.yaml]\n${text()}`,
      'a.yaml': 'include: [b.yaml]\n',
      'b.yaml': 'include:\n  - a.yaml\n',
    });
    const loaded = await load(at);
    assert.deepEqual(told(loaded), ['b.yaml:2:5 HF1015']);
    assert.match(loaded.diagnostics[0]?.message ?? '', /a\.yaml → b\.yaml → a\.yaml/);
  });

  test('of one file by two others is read once', async () => {
    const at = await folder({
      'holdfast.yaml': `include: [a.yaml, b.yaml]\n${text()}`,
      'a.yaml': 'include: [c.yaml]\nlimits: { files: 2 }\n',
      'b.yaml': 'include: [c.yaml]\n',
      'c.yaml': 'limits: { files: 9, workers: 2 }\n',
    });
    const { policy, diagnostics } = await load(at);
    assert.deepEqual(diagnostics, []);
    assert.deepEqual([policy?.limits.files, policy?.limits.workers], [2, 2]);
  });

  test('by a pattern leave out the file itself, and a part that is commented out says nothing', async () => {
    const at = await folder({
      'holdfast.yaml': `include: ["*.yaml"]\n${text()}`,
      'later.yaml': '# limits: { files: 2 }\n\n',
    });
    const { policy, diagnostics } = await load(at);
    assert.deepEqual([diagnostics, policy?.limits.files], [[], 8]);
  });

  test('that cannot be read, match nothing, or are broken', async () => {
    const at = await folder({
      'holdfast.yaml': `include: [none.yaml, "conf.d/*.yaml", broken.yaml]\n${text()}`,
      'broken.yaml': 'jobs: "x\n',
    });
    assert.deepEqual(told(await load(at)), [
      'broken.yaml:1:7 HF1007',
      'holdfast.yaml:1:11 HF1016',
      'holdfast.yaml:1:22 HF1018',
    ]);
  });
});

describe('two files of which neither includes the other', () => {
  test('must not say different things', async () => {
    const at = await folder({
      'holdfast.yaml': `include: [a.yaml, b.yaml]\n${text()}`,
      'a.yaml': 'limits: { files: 2, workers: 3 }\n',
      'b.yaml': 'limits:\n  files: 4\n  workers: 3\n',
    });
    const loaded = await load(at);
    assert.deepEqual(told(loaded), ['b.yaml:2:10 HF1017']);
    assert.match(loaded.diagnostics[0]?.message ?? '', /"limits\.files".*a\.yaml:1/);
    assert.deepEqual(
      loaded.diagnostics[0]?.related?.map(({ at: place }) => `${path.basename(place.file)}:${place.line}`),
      ['a.yaml:1'],
    );
  });

  test('make one policy of a folder, and join what has no names', async () => {
    const alert = (job: string) => `alerts:\n  - { when: run.failed, jobs: [${job}] }\n`;
    const at = await folder({
      '10-base.yaml': text({ alerts: alert('app') }),
      '20-more.yml': `jobs: { more: { source: app, targets: [local] } }\n${alert('moar')}`,
      'notes.txt': 'no: [policy',
      'package.json': '{ "name": "no policy" }',
    });
    const loaded = await load(at);
    assert.deepEqual(
      told(loaded).filter((line) => !/HF4/.test(line)),
      ['20-more.yml:3:32 HF3009'],
    );
    assert.equal(loaded.files.length, 2);
  });
});

test('a file that is no mapping, and an override that is none, are told, and the rest is checked', async () => {
  const at = await folder({
    'holdfast.yaml': `include: [list.yaml]\n${text({ hosts: 'hosts: { web: [], db: }', limits: 'limits: { files: 0 }' })}`,
    'list.yaml': '- a\n',
  });
  assert.deepEqual(told(await everywhere(at)), [
    'holdfast.yaml:7:15 HF2003',
    'holdfast.yaml:7:19 HF2003',
    'holdfast.yaml:8:18 HF2009',
    'list.yaml:1:1 HF2003',
  ]);
});

describe('defaults', () => {
  test('stand under jobs, and under sources and targets of their type', async () => {
    const at = await folder({
      'holdfast.yaml': text({
        sources: 'sources: { app: { type: files, paths: [/srv] }, b: { type: files, paths: [/b], parallel: 2 } }',
        jobs: 'jobs: { app: { source: app }, b: { source: b, timeout: 1h } }',
        defaults:
          'defaults:\n  jobs: { targets: [local], timeout: 2h }\n  sources: { files: { parallel: 6, exclude: [tmp/] } }\n',
      }),
    });
    const { policy, diagnostics } = await load(at);
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(
      Object.values(policy?.jobs ?? {}).map(({ timeoutMs }) => timeoutMs),
      [7_200_000, 3_600_000],
    );
    const options = Object.values(policy?.sources ?? {}).map((source) => Object(source.options));
    assert.deepEqual(
      options.map(({ parallel }) => parallel),
      [6, 2],
    );
    assert.deepEqual(
      options.map(({ exclude }) => exclude),
      [['tmp/'], ['tmp/']],
    );
  });

  test('have a mistake told once, with who takes it, and are told when nothing takes them', async () => {
    const at = await folder({
      'holdfast.yaml': text({
        jobs: 'jobs: { a: { source: app }, b: { source: app } }',
        defaults: 'defaults:\n  jobs: { targets: [lokal] }\n  sources: { postgres: { parallel: 2 } }\n',
      }),
    });
    const loaded = await load(at);
    assert.deepEqual(told(loaded), ['holdfast.yaml:7:21 HF3002', 'holdfast.yaml:8:14 HF4020']);
    assert.equal(loaded.diagnostics[0]?.origin, 'from defaults.jobs');
  });
});

describe('hosts', () => {
  const policy = (hosts: string, jobs = base.jobs) => folder({ 'holdfast.yaml': text({ jobs, hosts }) });

  test('have what stands under patterns they fit, and under their own names last', async () => {
    const at = await policy(
      'hosts:\n  db-1: { limits: { files: 1 } }\n  "db-*": { limits: { files: 2, workers: 2 } }\n',
    );
    const limits = async (host: string) => {
      const { files, workers } = (await load(at, host)).policy?.limits ?? {};
      return [files, host.startsWith('db') ? workers : 0];
    };
    assert.deepEqual(await limits('db-1'), [1, 2]);
    assert.deepEqual(await limits('db-2'), [2, 2]);
    assert.deepEqual(await limits('web'), [8, 0]);
    const full = await policy(
      'hosts:\n  db-1.example.net: { limits: { files: 3 } }\n  db-1: { limits: { files: 1, workers: 2 } }\n',
    );
    assert.deepEqual((await load(full, 'db-1.example.net')).policy?.limits.files, 3);
    assert.deepEqual((await load(full, 'db-1.example.net')).policy?.limits.workers, 2);
  });

  test('run the jobs that are theirs', async () => {
    const at = await policy(
      '',
      'jobs:\n  a: { source: app, targets: [local], hosts: ["db-?"] }\n  b: { source: app, targets: [local], enabled: false }\n',
    );
    const on = async (host: string) => (await load(at, host)).policy;
    assert.deepEqual(Object.keys((await on('db-1'))?.jobs ?? {}), ['a']);
    assert.deepEqual((await on('web'))?.idle, {
      a: { source: 'app', select: null, retention: 'default', targets: ['local'], reason: 'other hosts' },
      b: { source: 'app', select: null, retention: 'default', targets: ['local'], reason: 'disabled' },
    });
  });

  test('are all checked, and a mistake that only some have says which', async () => {
    const at = await policy(
      'hosts:\n  db-1: { jobs: { app: { targets: [lokal] } } }\n  "web-*": { limits: { workers: 0 } }\n',
    );
    const loaded = await everywhere(at);
    assert.deepEqual(told(loaded), ['holdfast.yaml:7:36 HF3002', 'holdfast.yaml:8:33 HF2009']);
    assert.deepEqual(
      loaded.diagnostics.map(({ origin }) => origin),
      ['from hosts.db-1, on host db-1', 'from hosts.web-*, on hosts web-*'],
    );
    assert.deepEqual(told(await load(at, 'web')), [], 'the host itself has no mistake');
  });

  test('names and patterns', () => {
    const fits = (pattern: string, host: string) => matchesHost(pattern, host);
    assert.ok(fits('db-*', 'db-1') && fits('db-?', 'db-1') && fits('*', 'x') && fits('a.b', 'a.b'));
    assert.ok(
      fits('db-1', 'db-1.example.net') && fits('db-*', 'db-1.example.net') && fits('*.example.net', 'a.example.net'),
    );
    assert.ok(!fits('db-1.example.net', 'db-1') && !fits('db-1.example.org', 'db-1.example.net'));
    assert.ok(!fits('db-?', 'db-12') && !fits('a.b', 'axb') && !fits('a.*', 'axb') && !fits('db', 'db-1'));
  });

  test('a policy has another hash where it says something else, and only there', async () => {
    const at = await policy('hosts:\n  db-1: { limits: { files: 1 } }\n  web: { limits: { files: 8 } }\n');
    const hash = async (host: string) => (await load(at, host)).policy?.hash;
    assert.notEqual(await hash('db-1'), await hash('other'));
    assert.equal(await hash('x'), await hash('y'));
  });
});
