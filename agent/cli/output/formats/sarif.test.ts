import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { codes } from '../../../config/codes.ts';
import type { Diagnostic } from '../../../config/diagnostic.ts';
import { sarifLog } from './sarif.ts';
import { diagnostic, hostile, validation, whole } from './validation.fixture.ts';

/** The schema that OASIS publishes, as the package schemastore has it. */
const schema: object = createRequire(import.meta.url)('schemastore/schemas/json/sarif-2.1.0.json');
const FORMATS = {
  uri: (text: string) => URL.canParse(text),
  'uri-reference': (text: string) => !/[^\w\-.~:/?#[\]@!$&'()*+,;=%]/.test(text) && URL.canParse(text, 'file:///'),
  'date-time': (text: string) => !Number.isNaN(Date.parse(text)),
};
const isSarif = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false, formats: FORMATS }).compile(schema);

interface Located {
  readonly message: { readonly text: string };
  readonly physicalLocation: {
    readonly artifactLocation: object;
    readonly region: object;
    readonly contextRegion?: object;
  };
}
interface Run {
  readonly tool: {
    readonly driver: { readonly rules: readonly { id: string; help: { text: string; markdown: string } }[] };
  };
  readonly columnKind: string;
  readonly results: readonly {
    readonly ruleId: string;
    readonly ruleIndex: number;
    readonly level: string;
    readonly message: { readonly text: string };
    readonly locations: readonly Located[];
    readonly relatedLocations?: readonly Located[];
    readonly partialFingerprints: Readonly<Record<string, string>>;
  }[];
}

function runOf(diagnostics: readonly Diagnostic[]): Run {
  const log: { runs: [Run] } = JSON.parse(JSON.stringify(sarifLog(validation(diagnostics))));
  assert.ok(isSarif(log), JSON.stringify(isSarif.errors, null, 2));
  return log.runs[0];
}

test('the schema refuses what is no SARIF', () => {
  assert.equal(isSarif({ version: '2.1.0', runs: [{ results: [] }] }), false);
  const log = JSON.parse(JSON.stringify(sarifLog(validation([whole]))));
  log.runs[0].results[0].locations[0].physicalLocation.region.startColumn = 0;
  assert.equal(isSarif(log), false);
});

test('a result has its place in the checkout, its rule, and what else is concerned', () => {
  const { results, tool, columnKind } = runOf([whole]);
  const [result] = results;
  assert.equal(columnKind, 'utf16CodeUnits');
  assert.deepEqual([result?.ruleId, result?.ruleIndex, result?.level], ['HF2001', 0, 'error']);
  assert.equal(
    result?.message.text,
    'unknown field "retension"\ndid you mean "retention"?\nhint: there is one\norigin: from defaults.jobs',
  );
  assert.deepEqual(result.locations[0]?.physicalLocation, {
    artifactLocation: { uri: 'etc/holdfast.yaml', uriBaseId: '%SRCROOT%' },
    region: { startLine: 3, startColumn: 5, endLine: 3, endColumn: 14, snippet: { text: 'retension' } },
    contextRegion: { startLine: 3, startColumn: 1, endLine: 3, endColumn: 18, snippet: { text: '    retension: {}' } },
  });
  const [related] = result.relatedLocations ?? [];
  assert.equal(related?.message.text, 'first written here');
  assert.deepEqual(related.physicalLocation, {
    artifactLocation: { uri: 'etc/more.yaml', uriBaseId: '%SRCROOT%' },
    region: { startLine: 7, startColumn: 2 },
  });
  const [rule] = tool.driver.rules;
  assert.match(rule?.help.text ?? '', /What to do/);
  assert.match(rule?.help.markdown ?? '', /```yaml/);
});

test('every code can be a rule; a log of none has no results', () => {
  const all = Object.entries(codes).map(([code, { severity }]) => diagnostic({ code, severity }));
  const { results, tool } = runOf(all);
  assert.equal(tool.driver.rules.length, all.length);
  for (const { ruleId, ruleIndex } of results) assert.equal(tool.driver.rules[ruleIndex]?.id, ruleId);
  assert.deepEqual(runOf([]).results, []);
});

test('part of a long line says which part it is', () => {
  const at = { file: '/work/a b/ü.yaml', line: 1, column: 500, endColumn: 504 };
  const [result] = runOf([diagnostic({ at, sourceLine: 'x'.repeat(160), sourceColumn: 41 })]).results;
  const place = result?.locations[0]?.physicalLocation;
  assert.deepEqual(place?.artifactLocation, { uri: 'a%20b/%C3%BC.yaml', uriBaseId: '%SRCROOT%' });
  assert.deepEqual(place?.contextRegion, {
    startLine: 1,
    startColumn: 460,
    endLine: 1,
    endColumn: 620,
    snippet: { text: 'x'.repeat(160) },
  });
});

test('only what lies outside the checkout is absolute', () => {
  const uri = (file: string) => {
    const [result] = runOf([diagnostic({ at: { file, line: 1, column: 5, endColumn: 6 } })]).results;
    return result?.locations[0]?.physicalLocation.artifactLocation;
  };
  assert.deepEqual(uri('/etc/x y.yaml'), { uri: 'file:///etc/x%20y.yaml' });
  assert.deepEqual(uri('/work'), { uri: './', uriBaseId: '%SRCROOT%' });
});

test('a fingerprint stays when lines move, and no two are alike', () => {
  const prints = (diagnostics: readonly Diagnostic[]) =>
    runOf(diagnostics).results.map(({ partialFingerprints }) => partialFingerprints['holdfastDiagnostic/v1']);
  const moved = diagnostic({ at: { file: '/work/etc/holdfast.yaml', line: 30, column: 9, endColumn: 18 } });
  assert.deepEqual(prints([moved]), prints([diagnostic()]));
  const several = prints([diagnostic(), moved, diagnostic({ message: 'another' }), diagnostic({ code: 'HF2002' })]);
  assert.equal(new Set(several).size, 4);
});

test('text of others is neither link nor placeholder, and drives nothing', () => {
  const log = JSON.stringify(runOf([hostile]));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there.
  assert.doesNotMatch(log, /[\x00-\x1f\x7f-\x9f\u202e]|\\u001b|[^\\]\\n::add-mask/);
  const [result] = runOf([hostile]).results;
  for (const { text } of [result?.message, result?.relatedLocations?.[0]?.message].map((one) => one ?? { text: '' })) {
    assert.match(text, /\\\[l\\\]\(http/);
    assert.match(text, /\{\{0\}\}/);
  }
});
