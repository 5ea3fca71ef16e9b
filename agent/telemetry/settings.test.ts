import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings, SIGNALS } from './settings.ts';

const collector = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
const given = { protocol: 'http/protobuf', timeoutMs: 10_000 };
const at = (origin: string) => ({
  traces: { otlp: { url: `${origin}/v1/traces`, ...given }, console: false },
  metrics: { otlp: { url: `${origin}/v1/metrics`, ...given }, console: false },
  logs: { otlp: { url: `${origin}/v1/logs`, ...given }, console: false },
});
const all = at('http://collector:4318');

for (const [why, env] of [
  ['nothing is set', {}],
  ['an endpoint is empty', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
  [
    'every exporter is none',
    { ...collector, OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: ' none ' },
  ],
  ['the SDK is disabled', { ...collector, OTEL_SDK_DISABLED: 'TRUE', OTEL_LOGS_EXPORTER: 'console' }],
  ['only a service name is set', { OTEL_SERVICE_NAME: 'x', OTEL_EXPORTER_OTLP_HEADERS: 'a=b' }],
] as const) {
  test(`nothing is exported when ${why}`, () => assert.equal(readSettings(env, assert.fail), undefined));
}

for (const [why, env, expected] of [
  ['an endpoint is enough, for every signal', collector, all],
  ['a slash at its end changes nothing', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' }, all],
  [
    'a path of the endpoint for all stays before that of the signal',
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c/in' },
    at('http://c/in'),
  ],
  [
    'the endpoint of one signal is taken as it is, and comes first',
    { ...collector, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'https://other/in' },
    { ...all, logs: { otlp: { url: 'https://other/in', ...given }, console: false } },
  ],
  [
    'the endpoint of one signal says nothing of the others',
    { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://collector:4318/v1/metrics' },
    { metrics: all.metrics },
  ],
  [
    'otlp without an endpoint is the collector on this host',
    { OTEL_TRACES_EXPORTER: 'otlp' },
    { traces: at('http://localhost:4318').traces },
  ],
  [
    'console alone asks for no collector, for that signal',
    { ...collector, OTEL_METRICS_EXPORTER: 'console' },
    { ...all, metrics: { console: true } },
  ],
  [
    'none switches one signal off',
    { ...collector, OTEL_METRICS_EXPORTER: 'none' },
    { traces: all.traces, logs: all.logs },
  ],
  [
    'both may be asked for',
    { ...collector, OTEL_TRACES_EXPORTER: 'otlp, console' },
    { ...all, traces: { ...all.traces, console: true } },
  ],
  [
    'what is said of a signal comes before what is said of all',
    {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_TIMEOUT: '1',
      OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '250',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c/m',
    },
    { metrics: { otlp: { url: 'http://c/m', protocol: 'http/json', timeoutMs: 250 }, console: false } },
  ],
  ['false is not disabled', { ...collector, OTEL_SDK_DISABLED: 'false' }, all],
] as const) {
  test(why, () => assert.deepEqual(readSettings(env, assert.fail), expected));
}

for (const [variable, env, expected] of [
  ['OTEL_EXPORTER_OTLP_ENDPOINT', { OTEL_EXPORTER_OTLP_ENDPOINT: 'secret@collector:4318' }, undefined],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'secret' }, undefined],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', { ...collector, OTEL_EXPORTER_OTLP_PROTOCOL: 'secret' }, undefined],
  [
    'OTEL_EXPORTER_OTLP_LOGS_PROTOCOL',
    { ...collector, OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'secret' },
    { traces: all.traces, metrics: all.metrics },
  ],
  ['OTEL_TRACES_EXPORTER', { ...collector, OTEL_TRACES_EXPORTER: 'secret' }, { metrics: all.metrics, logs: all.logs }],
  ['OTEL_METRICS_EXPORTER', { ...collector, OTEL_METRICS_EXPORTER: 'secret,otlp' }, all],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', { ...collector, OTEL_EXPORTER_OTLP_TIMEOUT: '-3 secret' }, all],
  ['OTEL_CONFIG_FILE', { ...collector, OTEL_CONFIG_FILE: 'secret.yaml' }, all],
  ['OTEL_SDK_DISABLED', { ...collector, OTEL_SDK_DISABLED: 'secret' }, all],
] as const) {
  test(`${variable} that cannot be used is named, once, and its value is not`, () => {
    const warnings: string[] = [];
    const settings = readSettings(env, (message) => warnings.push(message));
    assert.deepEqual(settings, expected);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', new RegExp(`^${variable}: `));
    assert.doesNotMatch(warnings[0] ?? '', /secret/);
  });
}

test('every signal has its own variables', () => {
  for (const signal of SIGNALS) {
    const settings = readSettings({ [`OTEL_${signal.toUpperCase()}_EXPORTER`]: 'console' }, assert.fail);
    assert.deepEqual(settings, { [signal]: { console: true } });
  }
});
