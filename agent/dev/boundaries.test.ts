import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkBoundaries, describeViolation, rulesOfBoundaries } from './boundaries.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'holdfast-boundaries-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
const folders = ['agent', 'plugins', 'conformance', 'schemas', 'policies'].filter((folder) =>
  existsSync(join(root, folder)),
);
for (const folder of folders) cpSync(join(root, folder), join(scratch, folder), { recursive: true });

/** One violation each: the rule it breaks, the file it is planted as, the line that breaks it, what the message says. */
const planted: readonly (readonly [rule: string, file: string, line: string, says: RegExp])[] = [
  ['contract-is-a-leaf', 'agent/contract/planted.ts', "import '../config/policy.ts';", /the contract imports itself/],
  ['contract-is-a-leaf', 'agent/contract/planted.ts', "import { readFile } from 'node:fs/promises';", /node:fs/],
  ['contract-is-a-leaf', 'agent/contract/planted.ts', "import yaml from 'yaml';", /'yaml'/],
  [
    'rooms-in-order',
    'agent/config/planted.ts',
    "import '../repository/pack.ts';",
    /config may import from contract, not/,
  ],
  ['rooms-in-order', 'agent/repository/planted.ts', "import '../catalog/catalog.ts';", /not from catalog/],
  ['rooms-in-order', 'agent/catalog/planted.ts', "import '../engine/run.ts';", /not from engine/],
  ['rooms-in-order', 'agent/telemetry/planted.ts', "import '../config/policy.ts';", /not from config/],
  ['rooms-in-order', 'agent/workers/planted.ts', "type R = import('../engine/run.ts').R;", /not from engine/],
  ['rooms-in-order', 'agent/engine/planted.ts', "await import('../recovery/restore.ts');", /not from recovery/],
  ['rooms-in-order', 'agent/recovery/planted.ts', "import '../cli/exit.ts';", /not from cli/],
  ['rooms-in-order', 'agent/schedule/planted.ts', "export * from '../watch/rule.ts';", /not from watch/],
  ['rooms-in-order', 'agent/watch/planted.ts', "import '../service/daemon.ts';", /not from service/],
  ['rooms-in-order', 'agent/security/planted.ts', "import '../engine/run.ts';", /not from engine/],
  ['rooms-in-order', 'agent/service/planted.ts', "import '../cli/main.ts';", /not from cli/],
  ['rooms-in-order', 'agent/cli/planted.ts', "import '../dev/boundaries.ts';", /not from dev/],
  ['rooms-in-order', 'agent/engine/planted.ts', "new URL('../cli/main.ts', import.meta.url);", /not from cli/],
  ['rooms-are-known', 'agent/attic/planted.ts', 'export {};', /'attic' is no room/],
  ['rooms-are-known', 'agent/planted.ts', 'export {};', /'agent\/planted\.ts' is no room/],
  ['plugins-stand-alone', 'plugins/targets/planted/index.ts', "import '../../../agent/contract/index.ts';", /a plugin/],
  ['plugins-stand-alone', 'plugins/targets/planted/index.ts', "import '../local/local.ts';", /its own folder/],
  [
    'plugins-stand-alone',
    'plugins/targets/planted/index.ts',
    "let a: import('../../../agent/engine/run.ts').A;",
    /engine/,
  ],
  ['plugins-stand-alone', 'plugins/targets/planted/index.ts', "import 'holdfast/conformance';", /conformance/],
  ['plugins-stand-alone', 'plugins/targets/planted/a.test.ts', "import '../../../agent/engine/run.ts';", /a plugin/],
  ['plugins-named-once', 'agent/engine/planted.ts', "import '../../plugins/targets/local/index.ts';", /builtin\.ts/],
  ['plugins-named-once', 'agent/workers/planted.ts', "const at = '../../plugins/codecs/zstd/index.ts';", /builtin\.ts/],
  ['conformance-from-outside', 'conformance/suites/planted.ts', "import '../../agent/engine/run.ts';", /an outsider/],
  ['conformance-from-outside', 'conformance/suites/planted.ts', "import 'holdfast/conformance';", /by its path/],
  ['agent-knows-no-outside', 'agent/engine/planted.ts', "import { fail } from 'holdfast/plugin';", /by its path/],
  ['agent-knows-no-outside', 'agent/engine/planted.ts', "import '../../conformance/index.ts';", /its tests/],
  ['one-user-per-package', 'agent/engine/planted.ts', "import { Piscina } from 'piscina';", /only agent\/workers\//],
  ['one-user-per-package', 'agent/engine/planted.ts', "import('@opentelemetry/api');", /only agent\/telemetry\//],
  ['one-user-per-package', 'plugins/sources/planted/index.ts', "import '@opentelemetry/sdk-node';", /telemetry/],
  ['ciphers-in-one-file', 'agent/repository/planted.ts', 'crypto.createDecipheriv(a, b, c);', /createDecipheriv is/],
  ['ciphers-in-one-file', 'plugins/codecs/planted/index.ts', 'const cipher = createCipheriv;', /createCipheriv is/],
  ['named-for-a-noun', 'agent/engine/utils/planted.ts', 'export {};', /'utils'/],
  ['named-for-a-noun', 'plugins/common/planted.ts', 'export {};', /'common'/],
  ['named-for-a-noun', 'agent/cli/helpers.ts', 'export {};', /'helpers\.ts'/],
  ['named-for-a-noun', 'conformance/lib/planted.ts', 'export {};', /'lib'/],
  ['data-is-data', 'policies/planted.ts', 'export {};', /no code/],
  ['no-cycles', 'agent/engine/planted.ts', "import './planted.ts';", /planted\.ts → agent\/engine\/planted\.ts/],
];

/** What the checker says of the copy with one more file in it, without the file's own first two, harmless lines. */
function plant(file: string, line: string): string[] {
  const path = join(scratch, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `// planted\n\n${line}\n`);
  try {
    return checkBoundaries(scratch)
      .violations.filter((violation) => violation.file === file)
      .map(describeViolation);
  } finally {
    rmSync(path);
  }
}

test('the project keeps its own rules', () => {
  const { violations, files, arrows } = checkBoundaries(root);
  assert.deepEqual(violations.map(describeViolation), []);
  assert.ok(files > 50 && arrows.length > 100, `looked at ${files} files and ${arrows.length} arrows only`);
});

for (const [rule, file, line, says] of planted) {
  test(`${rule}: ${line === 'export {};' ? file : line}`, () => {
    const reports = plant(file, line);
    const report = reports.find((text) => text.endsWith(`(${rule})`));
    assert.ok(report, `not reported; instead: ${reports.join('\n')}`);
    const where = /^(.+):(\d+):(\d+) /.exec(report);
    assert.equal(where?.[1], file);
    if (line !== 'export {};') assert.equal(where?.[2], '3');
    assert.match(report, says);
  });
}

test('every rule was broken once', () => {
  assert.deepEqual([...new Set(planted.map(([rule]) => rule))].sort(), [...rulesOfBoundaries].sort());
});

test('a circle through several files is reported in each of them', () => {
  const ring = ['agent/engine/planted-a.ts', 'agent/engine/planted-b.ts', 'agent/engine/planted-c.ts'];
  ring.forEach((file, i) => {
    const next = ring[(i + 1) % ring.length] ?? '';
    writeFileSync(join(scratch, file), `export type { X } from './${relative('agent/engine', next)}';\n`);
  });
  try {
    const reported = checkBoundaries(scratch).violations.filter(({ rule }) => rule === 'no-cycles');
    assert.deepEqual(
      reported.map(({ file }) => file),
      ring,
    );
    assert.equal(reported[0]?.message, [...ring, ring[0]].join(' → '));
  } finally {
    for (const file of ring) rmSync(join(scratch, file));
  }
});

test('what is allowed is not reported', () => {
  assert.deepEqual(
    plant('agent/workers/planted.ts', "import { Piscina } from 'piscina'; import '../repository/pack.ts';"),
    [],
  );
  assert.deepEqual(
    plant('plugins/sources/planted/a.ts', "import 'holdfast/plugin'; import 'pg'; import 'node:fs'; import './b.ts';"),
    [],
  );
  assert.deepEqual(plant('plugins/sources/planted/conformance.test.ts', "import 'holdfast/conformance';"), []);
  assert.deepEqual(
    plant('agent/engine/planted.test.ts', "import '../cli/builtin.ts'; import '../../conformance/index.ts';"),
    [],
  );
  assert.deepEqual(
    plant('agent/engine/planted.ts', "// import '../cli/main.ts'; createDecipheriv\nconst text = 'piscina';"),
    [],
  );
});

test('the checker sees exactly the imports that the compiler sees', () => {
  const compiler = fileURLToPath(import.meta.resolve('typescript/package.json')).replace(
    /package\.json$/,
    'lib/tsc.js',
  );
  const trace = spawnSync(process.execPath, [compiler, '-p', root, '--traceResolution'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const compiled = [...trace.stdout.matchAll(/^=+ Resolving module '(.+)' from '(.+)'\. =+$/gm)]
    .map(([, specifier = '', from = '']) => ({ from: relative(root, from), specifier }))
    .filter(({ from }) => /^(agent|plugins|conformance)\/.*\.ts$/.test(from));
  assert.ok(compiled.length > 100);
  const seen = checkBoundaries(root).arrows.filter(({ kind, from }) => kind === 'import' && from.path.endsWith('.ts'));
  const lines = (imports: readonly { from: string; specifier: string }[]) =>
    [...new Set(imports.map(({ from, specifier }) => `${from} ${specifier}`))].sort();
  assert.deepEqual(lines(seen.map(({ from, specifier }) => ({ from: from.path, specifier }))), lines(compiled));
});
