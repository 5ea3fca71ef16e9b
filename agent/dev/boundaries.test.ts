import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkBoundaries, describeViolation, rulesOfBoundaries } from './boundaries.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'holdfast-boundaries-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
for (const path of ['agent', 'plugins', 'conformance', 'schemas', 'policies', 'package.json', 'tsconfig.json']) {
  cpSync(join(root, path), join(scratch, path), { recursive: true });
}
symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'));

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
  ['rooms-in-order', 'agent/system/planted.ts', "import '../contract/index.ts';", /system may import from nothing/],
  ['rooms-in-order', 'agent/repository/planted.ts', "import '../catalog/catalog.ts';", /not from catalog/],
  ['rooms-in-order', 'agent/retention/planted.ts', "import '../repository/snapshot.ts';", /not from repository/],
  ['rooms-in-order', 'agent/engine/planted.ts', "import '../retention/decision.ts';", /not from retention/],
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
  ['rooms-are-known', 'agent/planted.ts', 'export {};', /'agent\/planted-\d+\.ts' is no room/],
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
  ['plugins-stand-alone', 'conformance/examples/codec/planted.ts', "import '../../kit/host.ts';", /a plugin/],
  ['plugins-stand-alone', 'conformance/examples/codec/planted.ts', "import 'holdfast/conformance';", /a plugin/],
  ['plugins-named-once', 'agent/engine/planted.ts', "import '../../plugins/targets/local/index.ts';", /builtin\.ts/],
  ['plugins-named-once', 'agent/workers/planted.ts', "const at = '../../plugins/codecs/zstd/index.ts';", /builtin\.ts/],
  ['conformance-from-outside', 'conformance/suites/planted.ts', "import '../../agent/engine/run.ts';", /an outsider/],
  ['conformance-from-outside', 'conformance/suites/planted.ts', "import '../planted.fixture.ts';", /an outsider/],
  ['conformance-from-outside', 'conformance/suites/planted.ts', "import 'holdfast/conformance';", /by its path/],
  ['agent-knows-no-outside', 'agent/engine/planted.ts', "import { fail } from 'holdfast/plugin';", /by its path/],
  ['agent-knows-no-outside', 'agent/engine/planted.ts', "import '../../conformance/index.ts';", /its tests/],
  ['one-user-per-package', 'agent/engine/planted.ts', "import { Piscina } from 'piscina';", /only agent\/workers\//],
  ['one-user-per-package', 'agent/engine/planted.ts', "import('@opentelemetry/api');", /only agent\/telemetry\//],
  ['one-user-per-package', 'plugins/sources/planted/index.ts', "import '@opentelemetry/sdk-node';", /telemetry/],
  ['one-user-per-package', 'plugins/sources/planted/index.ts', "import ffi from 'node:ffi';", /only agent\/system\//],
  ['one-user-per-package', 'agent/workers/planted.ts', "type F = typeof import('node:ffi');", /only agent\/system\//],
  ['ciphers-in-one-file', 'agent/repository/planted.ts', 'crypto.createDecipheriv(a, b, c);', /createDecipheriv is/],
  ['ciphers-in-one-file', 'plugins/codecs/planted/index.ts', 'const cipher = createCipheriv;', /createCipheriv is/],
  ['named-for-a-noun', 'agent/engine/utils/planted.ts', 'export {};', /'utils'/],
  ['named-for-a-noun', 'plugins/common/planted.ts', 'export {};', /'common'/],
  ['named-for-a-noun', 'agent/cli/helpers.ts', 'export {};', /'helpers\.ts'/],
  ['named-for-a-noun', 'conformance/lib/planted.ts', 'export {};', /'lib'/],
  ['data-is-data', 'policies/planted.ts', 'export {};', /no code/],
  [
    'no-cycles',
    'agent/engine/planted.ts',
    "import './planted.ts';",
    /planted-\d+\.ts → agent\/engine\/planted-\d+\.ts/,
  ],
];

/** What stays inside the rules, or only looks as if it did not. */
const allowed: readonly (readonly [file: string, line: string])[] = [
  ['agent/workers/planted.ts', "import { Piscina } from 'piscina'; import '../repository/pack.ts';"],
  ['agent/repository/keys/planted.test.ts', 'createDecipheriv(a, b, c);'],
  [
    'plugins/sources/planted/a.ts',
    "import 'holdfast/plugin'; import 'holdfast/system'; import 'pg'; import 'node:fs'; import './b.ts';",
  ],
  ['plugins/sources/planted/conformance.test.ts', "import 'holdfast/conformance';"],
  ['plugins/sources/planted/conformance.ts', "import 'holdfast/conformance';"],
  ['plugins/codecs/planted/a.test.ts', "new URL('../../../conformance/vectors/a.json', import.meta.url);"],
  ['agent/engine/planted.test.ts', "import '../cli/builtin.ts'; import '../../conformance/index.ts';"],
  ['agent/engine/planted.ts', "// import '../cli/main.ts'; createDecipheriv\nconst text = 'piscina';"],
];

let number = 0;

/** Writes `line` as the third line of `file`; a number in its name keeps what is planted in one copy apart. */
function plant(file: string, line: string): string {
  number += 1;
  const name = file.replace('planted', `planted-${number}`);
  mkdirSync(dirname(join(scratch, name)), { recursive: true });
  writeFileSync(join(scratch, name), `// planted\n\n${line.replace('planted', `planted-${number}`)}\n`);
  return name;
}

const ring = ['a', 'b', 'c'].map((name) => `agent/engine/ring-${name}.ts`);
ring.forEach((file, i) => {
  const next = basename(ring[(i + 1) % ring.length] ?? '');
  writeFileSync(join(scratch, file), `export type { X } from './${next}';\n`);
});

const violators = planted.map(([, file, line]) => plant(file, line));
const innocents = allowed.map(([file, line]) => plant(file, line));
const { violations, arrows } = checkBoundaries(scratch);
const reportsOn = (file: string) => violations.filter((violation) => violation.file === file).map(describeViolation);

test('the project keeps its own rules', () => {
  const project = checkBoundaries(root);
  assert.deepEqual(project.violations.map(describeViolation), []);
  assert.ok(project.files > 50 && project.arrows.length > 100, `looked at ${project.files} files only`);
});

planted.forEach(([rule, file, line, says], i) => {
  test(`${rule}: ${line === 'export {};' ? file : line}`, () => {
    const reports = reportsOn(violators[i] ?? '');
    const report = reports.find((text) => text.endsWith(`(${rule})`));
    assert.ok(report, `not reported; instead: ${reports.join('\n')}`);
    assert.ok(report.startsWith(`${violators[i]}:${line === 'export {};' ? 1 : 3}:`), report);
    assert.match(report, says);
  });
});

test('every rule was broken once', () => {
  assert.deepEqual([...new Set(planted.map(([rule]) => rule))].sort(), [...rulesOfBoundaries].sort());
});

test('a circle through several files is reported in each of them', () => {
  for (const file of ring) {
    const [report = ''] = reportsOn(file);
    for (const other of ring) assert.ok(report.includes(other), report);
    assert.match(report, /\(no-cycles\)$/);
  }
});

test('what is allowed is not reported', () => {
  assert.deepEqual(innocents.flatMap(reportsOn), []);
});

test('the checker sees exactly the imports that the compiler sees', () => {
  const compiler = join(root, 'node_modules/typescript/lib/tsc.js');
  const { stdout } = spawnSync(process.execPath, [compiler, '-p', scratch, '--traceResolution'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const compiled = [...stdout.matchAll(/^=+ Resolving module '(.+)' from '(.+)'\. =+$/gm)]
    .map(([, specifier = '', from = '']) => ({ from: relative(scratch, from), specifier }))
    .filter(({ from }) => /^(agent|plugins|conformance)\/.*\.ts$/.test(from));
  assert.ok(compiled.length > 100);
  const seen = arrows.filter(({ kind, from }) => kind === 'import' && from.path.endsWith('.ts'));
  const lines = (imports: readonly { from: string; specifier: string }[]) =>
    [...new Set(imports.map(({ from, specifier }) => `${from} ${specifier}`))].sort();
  assert.deepEqual(lines(seen.map(({ from, specifier }) => ({ from: from.path, specifier }))), lines(compiled));
});
