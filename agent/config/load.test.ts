import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { definePlugin, Secret, type Target, Type } from '../contract/index.ts';
import { loadPolicy, parsePolicy } from './load.ts';
import { pastHolds } from './meaning/holds.ts';
import { PluginRegistry } from './registry.ts';
import { isForeign, SEARCH_PLACES } from './search.ts';
import { noVariables } from './variables.ts';

const plugins = builtinPlugins();
const smallest = `
version: 1
recipients: { ops: { publicKey: keys/ops.asc } }
targets: { local: { type: local, path: backup } }
sources: { app: { type: files, paths: [/srv] } }
jobs: { app: { source: app, targets: [local] } }
`;
const parse = (text: string, registry = plugins) =>
  parsePolicy({ text, file: '/etc/p/x.yaml', host: 'h', plugins: registry });

let root = '';
before(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'holdfast-policy-'));
});
after(() => rm(root, { recursive: true }));

async function folder(name: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name, file)), { recursive: true });
    await writeFile(path.join(root, name, file), text);
  }
  return path.join(root, name);
}

const load = (cwd: string, named?: string) => {
  return loadPolicy({ cwd, host: 'h', plugins, variables: noVariables, ...(named !== undefined && { path: named }) });
};

describe('a right policy', () => {
  test('is resolved: defaults, units, names, paths', () => {
    const { policy, diagnostics } = parse(`${smallest}limits: { memory: 64MiB }\n`);
    assert.deepEqual(diagnostics, []);
    const job = policy?.jobs['app'];
    assert.ok(policy && job);
    assert.equal(job.domain, 'h/default');
    assert.equal(job.timeoutMs, 86_400_000);
    assert.equal(job.select, null);
    assert.deepEqual(job.retention.keep, undefined);
    assert.equal(job.source, policy.sources['app']);
    assert.equal(job.targets[0], policy.targets['local']);
    assert.deepEqual(
      job.recipients.map(({ publicKey }) => publicKey),
      ['/etc/p/keys/ops.asc'],
    );
    assert.deepEqual(job.targets[0]?.options, { path: '/etc/p/backup' });
    assert.equal(job.pipeline.chunk.type, 'fastcdc');
    assert.deepEqual(job.pipeline.compress, { type: 'zstd', options: { level: 3 } });
    assert.equal(policy.limits.memoryBytes, 2 ** 26);
    assert.equal(policy.limits.files, 8);
    assert.ok(policy.limits.workers >= 1 && policy.limits.workers <= 8);
    assert.deepEqual(job.at, { file: '/etc/p/x.yaml', line: 6, column: 9 });
  });

  test('has a class, objectives and people as declared', () => {
    const { policy } = parse(`
version: 1
recipients: { ops: { publicKey: /k/a.asc }, safe: { publicKey: /k/b.asc } }
targets: { local: { type: local, path: /b } }
sources: { app: { type: files, paths: [/srv], objectives: { rpo: 60m, rto: 5m } } }
retention: { audit: { keep: { within: 2d, daily: 7, monthly: 36 }, minimum: 3y } }
jobs: { app: { source: app, targets: [local], retention: audit, recipients: [safe], timeout: 1h30m } }
`);
    const job = policy?.jobs['app'];
    assert.equal(job?.domain, 'h/audit');
    assert.deepEqual(
      job?.recipients.map(({ name }) => name),
      ['safe'],
    );
    assert.deepEqual(job?.source.objectives, { rpoMs: 3_600_000, rtoMs: 300_000 });
    assert.deepEqual(job?.retention.minimum, { months: 36, milliseconds: 0 });
    assert.deepEqual(job?.retention.keep, { within: { months: 0, milliseconds: 172_800_000 }, daily: 7, monthly: 36 });
    assert.equal(job?.timeoutMs, 5_400_000);
  });

  test('has rules for single targets, a zone, and holds with their ends', () => {
    const { policy, diagnostics } = parse(`${smallest.replace('backup }', 'backup }, nas: { type: local, path: nas }')}
retention:
  plain: {}
  books:
    keep: { monthly: 84 }
    minimum: 7y
    timezone: Europe/Berlin
    targets: { nas: { keep: { within: 7d, last: 1 } } }
holds:
  case: { by: legal, why: Case 117, until: 2031-12-31, jobs: [app], snapshots: [3f9a0c1e] }
  inquiry: { by: board, why: inquiry, until: 2031-12-31T18:00+01:00 }
  all: { by: court, why: order }
`);
    assert.ok(policy, JSON.stringify(diagnostics));
    const { plain, books } = policy.retention;
    assert.deepEqual([plain?.timezone, plain?.targets, policy.retention['default']?.timezone], ['UTC', {}, 'UTC']);
    assert.equal(books?.timezone, 'Europe/Berlin');
    assert.deepEqual(books.targets, {
      nas: { keep: { within: { months: 0, milliseconds: 7 * 86_400_000 }, last: 1 } },
    });
    assert.deepEqual(
      policy.holds.map(({ at: _, ...hold }) => hold),
      [
        {
          name: 'case',
          by: 'legal',
          why: 'Case 117',
          until: new Date('2031-12-31T23:59:59.999Z'),
          jobs: ['app'],
          snapshots: ['3f9a0c1e'],
        },
        { name: 'inquiry', by: 'board', why: 'inquiry', until: new Date('2031-12-31T17:00:00.000Z') },
        { name: 'all', by: 'court', why: 'order' },
      ],
    );
    assert.deepEqual(parse(smallest).policy?.holds, []);
  });

  test('may declare what exists anyway', () => {
    const own = '[chunk: fixed, compress: gzip, encrypt: aes-256-gcm, checksum: sha256]';
    const { policy } = parse(
      `${smallest}pipelines: { standard: ${own} }\nretention: { default: { keep: { daily: 1 } } }\n`,
    );
    assert.equal(policy?.jobs['app']?.pipeline.chunk.type, 'fixed');
    assert.equal(policy?.jobs['app']?.retention.keep?.daily, 1);
  });

  test('has a hash of what it says, not of how it is written', () => {
    const [first, ...lines] = smallest.trim().split('\n');
    const shuffled = [...lines].reverse().join('  # a comment\n');
    assert.equal(parse(`${shuffled}\n${first}\n`).policy?.hash, parse(smallest).policy?.hash);
    assert.notEqual(parse(smallest.replace('/srv', '/srw')).policy?.hash, parse(smallest).policy?.hash);
  });

  test('can be JSON, and can share parts by anchors', () => {
    const json = JSON.stringify({ $schema: 'x', version: 1, recipients: { ops: { publicKey: 'k.asc' } } }, null, '\t');
    assert.deepEqual(
      parse(json).diagnostics.map(({ code }) => code),
      ['HF4008'],
    );
    const shared = smallest.replace(
      /jobs:.*/,
      'x-all: &all { source: app, targets: [local] }\njobs: { a: *all, b: { <<: *all, timeout: 2h } }',
    );
    const { policy, diagnostics } = parse(shared);
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(
      Object.values(policy?.jobs ?? {}).map(({ name, timeoutMs }) => [name, timeoutMs]),
      [
        ['a', 86_400_000],
        ['b', 7_200_000],
      ],
    );
  });
});

describe('what is told without being an error', () => {
  test('parts that nothing acts on yet, each once and with its place', () => {
    const { policy, diagnostics } = parse(`
version: 1
recipients: { ops: { publicKey: k.asc } }
targets: { local: { type: local, path: /b } }
sources: { app: { type: files, paths: [/srv], objectives: { rpo: 1h } } }
retention: { audit: {} }
jobs:
  a: { source: app, targets: [local], schedule: { every: 1h } }
  b: { source: app, targets: [local], schedule: daily at 02:00 }
limits: { bandwidth: 100Mbps }
alerts:
  - { when: run.failed, severity: critical, notify: [mail] }
  - { when: storage.used, above: 85%, notify: [mail] }
notifiers: { mail: { type: email, to: [ops@example.net], from: a@example.net, server: localhost } }
plans: { all: { steps: [{ restore: app }] } }
domains: { shared: { hosts: [a, b], retention: [audit] } }
`);
    assert.ok(policy);
    assert.deepEqual(policy.jobs['a']?.schedule, {
      kind: 'interval',
      everyMs: 3_600_000,
      text: 'every 1h',
      jitterMs: 0,
      catchUp: true,
      blackout: [],
    });
    const told = diagnostics.map(({ severity, at, code }) => `${severity} ${at.line}:${at.column} ${code}`);
    assert.deepEqual(told, [
      'note 5:47 HF4902',
      'warning 8:39 HF4901',
      'warning 10:11 HF4901',
      'warning 11:1 HF4901',
      'warning 14:1 HF4901',
      'warning 15:1 HF4901',
    ]);
    assert.match(diagnostics[1]?.message ?? '', /and in 1 more/);
  });

  test('rules for a target that no job of the class writes to, on this host or another', () => {
    const told = (jobs: string) => {
      const places = 'targets: { local: { type: local, path: backup }, nas: { type: local, path: nas } }';
      const rules =
        'retention: { books: { targets: { nas: { keep: { daily: 7 } } } }, unused: { targets: { nas: { keep: {} } } } }';
      const text = smallest.replace(/targets:.*/, places).replace(/jobs:.*/, `${rules}\njobs: { ${jobs} }`);
      const { policy, diagnostics } = parse(text);
      assert.ok(policy, JSON.stringify(diagnostics));
      return diagnostics.flatMap(({ code, at, message }) =>
        code.startsWith('HF49') ? [] : [`${at.line}:${at.column} ${code} ${message}`],
      );
    };
    assert.deepEqual(told('app: { source: app, targets: [local], retention: books }'), [
      '6:34 HF4024 no job of the class "books" writes to target "nas"',
    ]);
    assert.deepEqual(told('app: { source: app, targets: [local, nas], retention: books }'), []);
    const elsewhere = 'more: { source: app, targets: [nas], retention: books, hosts: [db-1] }';
    assert.deepEqual(told(`app: { source: app, targets: [local], retention: books }, ${elsewhere}`), []);
  });

  test('a promise that costs every snapshot, because no period is named', () => {
    const codes = (keep: string) =>
      parse(`${smallest}retention: { books: { keep: ${keep}, minimum: 7y } }\n`).diagnostics.flatMap(({ code }) =>
        code.startsWith('HF49') ? [] : [code],
      );
    assert.deepEqual(codes('{ last: 10 }'), ['HF4026']);
    assert.deepEqual(codes('{ last: 10, within: 2d }'), ['HF4026']);
    assert.deepEqual(codes('{ last: 10, yearly: 7 }'), []);
    assert.deepEqual(codes('{ last: 10, within: 7y }'), []);
    assert.deepEqual(codes('{ within: 2d }'), ['HF4012']);
    assert.deepEqual(codes('{}'), []);
  });

  test('a hold that is over, at a given time', () => {
    const { policy } = parse(`${smallest}holds:\n  a: { by: x, why: x, until: 2031-12-31 }\n  b: { by: x, why: x }\n`);
    assert.ok(policy);
    assert.deepEqual(pastHolds(policy, new Date('2031-12-31T23:59:59.999Z')), []);
    const [past, ...others] = pastHolds(policy, new Date('2032-01-01T00:00:00Z'));
    assert.deepEqual([past?.code, past?.path, others], ['HF4027', ['holds', 'a', 'until'], []]);
  });

  test('a source without a job, and a policy without jobs', () => {
    const idle = parse(smallest.replace('sources: {', 'sources: { other: { type: files, paths: [/x] },'));
    assert.deepEqual(
      idle.diagnostics.map(({ code, message }) => [code, message.includes('"other"')]),
      [['HF4007', true]],
    );
    assert.ok(idle.policy);
    assert.deepEqual(
      parse(smallest.replace(/jobs.*\n/, '')).diagnostics.map(({ code }) => code),
      ['HF4008'],
    );
  });
});

describe('plugins from outside', () => {
  const target = definePlugin({
    kind: 'target',
    name: 'vault',
    api: 1,
    version: '1.0.0',
    stability: 'experimental',
    summary: 'A target for this test.',
    options: Type.Object({
      key: Secret,
      code: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$', description: 'Three letters.' })),
      mode: Type.Optional(
        Type.Union([
          Type.Object({ kind: Type.Literal('fast'), lanes: Type.Integer({ maximum: 4 }) }),
          Type.Object({ kind: Type.Literal('safe'), copies: Type.Integer({ minimum: 2 }) }),
        ]),
      ),
    }),
    identity: () => 'vault',
    open: (): Promise<Target> => Promise.reject(new Error('validation opens nothing')),
  });
  const registry = new PluginRegistry([
    { plugin: target, module: 'file:///vault.ts' },
    ...(['files', 'fastcdc', 'zstd'] as const).map((name) => {
      const kind = ({ files: 'source', fastcdc: 'chunker', zstd: 'codec' } as const)[name];
      const plugin = plugins.get(kind, name);
      assert.ok(plugin);
      return { plugin, module: plugins.module(kind, name) };
    }),
  ]);
  const errors = (fields: string) => {
    const text = smallest.replace('{ type: local, path: backup }', `{ type: vault, ${fields} }`);
    return parse(text, registry).diagnostics.map(({ code, at, suggestion, sourceLine }) => ({
      told: `${at.column} ${code} ${suggestion ?? ''}`.trim(),
      sourceLine,
    }));
  };

  test('a secret that was written out is refused and not repeated', () => {
    const [error, ...more] = errors('key: hunter2hunter2');
    assert.equal(error?.told, '39 HF2011');
    assert.deepEqual(more, []);
    const secret = parse(
      smallest.replace('{ type: local, path: backup }', '{ type: vault, key: "tiger 9" }'),
      registry,
    );
    assert.ok(!secret.diagnostics.some(({ message, hint = '' }) => `${message}${hint}`.includes('tiger')));
  });

  test('a reference to a secret is kept unresolved', () => {
    const text = smallest.replace('{ type: local, path: backup }', '{ type: vault, key: { env: KEY } }');
    assert.deepEqual(parse(text, registry).policy?.targets['local']?.options, { key: { env: 'KEY' } });
    assert.deepEqual(
      errors('key: { env: KEY, file: k }').map(({ told }) => told),
      ['39 HF2010'],
    );
  });

  test('of a union, only the branch that was meant is spoken of', () => {
    const key = 'key: { env: K }';
    assert.deepEqual(
      errors(`${key}, mode: { kind: fast, lanes: 9 }`).map(({ told }) => told),
      ['78 HF2009'],
    );
    assert.deepEqual(
      errors(`${key}, mode: { kind: safe, lanes: 3 }`).map(({ told }) => told),
      ['51 HF2002', '71 HF2001'],
    );
    assert.deepEqual(
      errors(`${key}, mode: { kind: fats }`).map(({ told }) => told),
      ['65 HF2004 fast'],
    );
    assert.deepEqual(
      errors(`${key}, mode: fast`).map(({ told }) => told),
      ['57 HF2003'],
    );
    assert.deepEqual(
      errors(`${key}, code: abc`).map(({ told }) => told),
      ['57 HF2012'],
    );
  });
});

test('a secret that was written into a policy is shown nowhere, whatever else is wrong', () => {
  const notifiers: readonly string[] = [
    'm: { type: slack, webhook: { env: "hunter2-xoxb" } }',
    'm: { type: email, password: { value: hunter2-x } }',
    'm: { type: slck, webhook: hunter2-x }',
    'm: { type: slack, webhook: hunter2-x, webhook: hunter2-y }',
    'm:\n    type: email\n    password: |\n      first\n      hunter2-second\n    nonsense: 1',
    'm: { type: slack, webhook: hunter2-x, chanel: "x',
  ];
  for (const notifier of notifiers) {
    const { diagnostics } = parse(`${smallest}notifiers:\n  ${notifier}\n`);
    assert.ok(
      diagnostics.some(({ severity }) => severity === 'error'),
      notifier,
    );
    assert.doesNotMatch(JSON.stringify(diagnostics), /hunter2/, notifier);
  }
});

describe('finding a policy', () => {
  test('in a folder, by any of its names', async () => {
    for (const place of SEARCH_PLACES) {
      const at = await folder(`place-${place.replaceAll('/', '-')}`, { [place]: smallest });
      const { policy, files } = await load(at);
      assert.ok(policy, place);
      assert.deepEqual(files, [path.join(at, place)]);
    }
  });

  test('above, or where it was named: a file or a folder', async () => {
    const at = await folder('above', { 'holdfast.yml': smallest, 'in/side/x.txt': '' });
    assert.deepEqual((await load(path.join(at, 'in/side'))).files, [path.join(at, 'holdfast.yml')]);
    assert.ok((await load('/', path.join(at, 'holdfast.yml'))).policy);
    assert.ok((await load(root, 'above')).policy);
    assert.deepEqual(
      (await load(root, 'above/in')).diagnostics.map(({ code }) => code),
      ['HF1001'],
    );
    assert.deepEqual(
      (await load(root, 'above/nothing.yaml')).diagnostics.map(({ code }) => code),
      ['HF1001'],
    );
  });

  test('never runs code, nor takes instructions, that lie beside it', async () => {
    const planted = "require('node:fs').writeFileSync('ran', ''); module.exports = {};";
    const places = ['.config/config.js', 'holdfast.config.js', '.holdfastrc.js', 'holdfast.js'];
    const code = Object.fromEntries(places.map((place) => [place, planted]));
    const redirect = JSON.stringify({ cosmiconfig: { searchPlaces: ['evil.yaml'] } });
    const found = [
      await folder('code', { ...code, 'holdfast.yaml': smallest }),
      await folder('redirect', { 'package.json': redirect, 'evil.yaml': 'version: 9', 'holdfast.yaml': smallest }),
    ];
    const search = JSON.stringify(new URL('./search.ts', import.meta.url).href);
    const script = `const { searchUpward } = await import(${search});
      process.stdout.write((await searchUpward(process.cwd())).file);
      const { existsSync } = await import('node:fs');
      process.on('exit', () => process.stdout.write(existsSync('ran') ? ' and ran what it found' : ''));`;
    for (const cwd of found) {
      const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd, encoding: 'utf8' });
      assert.equal(child.stdout, path.join(cwd, 'holdfast.yaml'), child.stderr);
    }
  });

  test('an empty policy is found, and said to be empty', async () => {
    const at = await folder('empty', { 'holdfast.yaml': '' });
    assert.deepEqual(
      (await load(at)).diagnostics.map(({ code }) => code),
      ['HF1010'],
    );
  });

  test('bytes that are no text are refused', async () => {
    const at = await folder('bytes', { 'holdfast.yaml': new Uint8Array([0x61, 0xff, 0xfe, 0x00]) });
    assert.deepEqual(
      (await load(at)).diagnostics.map(({ code }) => code),
      ['HF1002'],
    );
  });

  test('in a folder that everybody can write to, only what is mine or the system’s', async () => {
    const at = await folder('open', { 'holdfast.yaml': smallest });
    await chmod(at, 0o1777);
    assert.ok((await load(at)).policy, 'it is mine');
    assert.equal(isForeign(1001, 0o1777, 0), true);
    assert.equal(isForeign(1001, 0o1777, 1001), false);
    assert.equal(isForeign(0, 0o1777, 1001), false);
    assert.equal(isForeign(1001, 0o755, 0), false, 'who owns a folder may say what is in it');
  });
});
