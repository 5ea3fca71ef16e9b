import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from './settings.ts';

const collector = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
const otlp = { url: 'http://collector:4318/v1/traces', protocol: 'http/protobuf', timeoutMs: 10_000 };

for (const [why, env] of [
  ['nothing is set', {}],
  ['an endpoint is empty', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
  ['the exporter is none', { ...collector, OTEL_TRACES_EXPORTER: 'none' }],
  ['the SDK is disabled', { ...collector, OTEL_SDK_DISABLED: 'TRUE' }],
  ['only other signals are set', { OTEL_METRICS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c' }],
  ['only a service name is set', { OTEL_SERVICE_NAME: 'x', OTEL_EXPORTER_OTLP_HEADERS: 'a=b' }],
] as const) {
  test(`nothing is exported when ${why}`, () => assert.equal(readSettings(env, assert.fail), undefined));
}

for (const [why, env, expected] of [
  ['an endpoint is enough', collector, { otlp, console: false }],
  [
    'a slash at its end changes nothing',
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' },
    { otlp, console: false },
  ],
  [
    'the endpoint for traces is taken as it is, and comes first',
    { ...collector, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://other/in' },
    { otlp: { ...otlp, url: 'https://other/in' }, console: false },
  ],
  [
    'otlp without an endpoint is the collector on this host',
    { OTEL_TRACES_EXPORTER: 'otlp' },
    { otlp: { ...otlp, url: 'http://localhost:4318/v1/traces' }, console: false },
  ],
  ['console alone asks for no collector', { ...collector, OTEL_TRACES_EXPORTER: 'console' }, { console: true }],
  ['both may be asked for', { ...collector, OTEL_TRACES_EXPORTER: 'otlp, console' }, { otlp, console: true }],
  [
    'what is said of traces comes before what is said of all',
    {
      ...collector,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_TIMEOUT: '1',
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '250',
    },
    { otlp: { ...otlp, protocol: 'http/json', timeoutMs: 250 }, console: false },
  ],
  ['a senseless timeout is the default', { ...collector, OTEL_EXPORTER_OTLP_TIMEOUT: '-3' }, { otlp, console: false }],
  ['not disabled is not disabled', { ...collector, OTEL_SDK_DISABLED: 'no' }, { otlp, console: false }],
] as const) {
  test(why, () => assert.deepEqual(readSettings(env, assert.fail), expected));
}

for (const [variable, env] of [
  ['OTEL_EXPORTER_OTLP_ENDPOINT', { OTEL_EXPORTER_OTLP_ENDPOINT: 'secret@collector:4318' }],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'secret' }],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', { ...collector, OTEL_EXPORTER_OTLP_PROTOCOL: 'secret' }],
  ['OTEL_TRACES_EXPORTER', { ...collector, OTEL_TRACES_EXPORTER: 'secret' }],
] as const) {
  test(`${variable} that cannot be used is named, its value is not, and nothing is exported`, () => {
    const warnings: string[] = [];
    assert.equal(
      readSettings(env, (message) => warnings.push(message)),
      undefined,
    );
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', new RegExp(variable));
    assert.doesNotMatch(warnings[0] ?? '', /secret/);
  });
}
