import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { OtlpReceiver } from '../../conformance/services/otlp-receiver.ts';
import { openTelemetry, type Telemetry } from './telemetry.ts';

const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

test('spans arrive with their parents, times, attributes and failures', async (t) => {
  await using receiver = await OtlpReceiver.open();
  const before = BigInt(Date.now() - 1) * 1_000_000n;
  let traceId = '';
  {
    await using telemetry = await open(t, receiver.endpoint);
    assert.equal(telemetry.exporting, true);
    const run = telemetry.run('backup files', { 'holdfast.job': 'files' });
    traceId = run.traceId;
    const phase = run.root.child('capture');
    const stage = phase.child('compress', { bytes: 2 ** 40, ratio: 0.25, new: true }, 1_700_000_000_000.25);
    stage.set({ later: 'yes' });
    stage.end(undefined, 1_700_000_001_000.5);
    stage.end('TWICE');
    stage.set({ late: true });
    phase.end('TARGET_FULL');
    await run.end();
    assert.equal(receiver.spans.length, 3, 'when the run has ended, all is handed over');
  }
  const span = (name: string) => receiver.spans.find((candidate) => candidate.name === name) ?? assert.fail(name);
  const [root, phase, stage] = [span('backup files'), span('capture'), span('compress')];
  assert.deepEqual(
    [root, phase, stage].map((each) => each.traceId),
    [traceId, traceId, traceId],
  );
  assert.deepEqual([root.parentSpanId, phase.parentSpanId, stage.parentSpanId], [undefined, root.spanId, phase.spanId]);
  assert.deepEqual(stage.attributes, { bytes: 2 ** 40, ratio: 0.25, new: true, later: 'yes' });
  assert.deepEqual([stage.start, stage.end], [1_700_000_000_000_250_000n, 1_700_000_001_000_500_000n]);
  assert.deepEqual([root.status, phase.status, phase.statusMessage], [0, 2, 'TARGET_FULL']);
  assert.deepEqual(phase.attributes, { 'error.type': 'TARGET_FULL' });
  assert.ok(before <= root.start && root.start <= phase.start && phase.end <= root.end);
});

test('metrics arrive with unit, buckets and attributes when a run ends, and add up', async (t) => {
  await using receiver = await OtlpReceiver.open();
  {
    await using telemetry = await open(t, receiver.endpoint, {
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    });
    const by = { 'holdfast.verify.level': 'list', 'holdfast.outcome': 'ok' } as const;
    for (const seconds of [0.5, 7200, 50_000]) {
      const run = telemetry.run('verify');
      run.measure('holdfast.verify.duration', seconds, by);
      run.measure('holdfast.verify.findings', 2, { 'holdfast.verify.level': 'list' });
      await run.end();
    }
  }
  assert.deepEqual(new Set(receiver.requests.map(({ path }) => path)), new Set(['/v1/metrics']));
  const [, , , , duration, findings] = receiver.points;
  assert.equal(receiver.points.length, 6);
  assert.deepEqual(
    [duration?.metric, duration?.kind, duration?.unit, duration?.value, duration?.count],
    ['holdfast.verify.duration', 'histogram', 's', 57_200.5, 3],
  );
  assert.deepEqual([duration?.bounds?.[0], duration?.bounds?.at(-1)], [1, 43_200]);
  assert.deepEqual(duration?.attributes, { 'holdfast.verify.level': 'list', 'holdfast.outcome': 'ok' });
  assert.deepEqual([findings?.kind, findings?.unit, findings?.value], ['sum', '{finding}', 6]);
  assert.equal(findings?.resource['service.name'], 'holdfast');
});

test('log records carry the ids of their span, severity and failure; details and credentials stay here', async (t) => {
  await using receiver = await OtlpReceiver.open();
  await using telemetry = await open(t, receiver.endpoint);
  const run = telemetry.run('backup');
  const failure = {
    code: 'TARGET_FULL',
    message: 'no space at https://me:s3cr3t@store/x',
    origin: 'target',
    permanent: true,
    hint: 'clear postgres://u:s3cr3t@db',
    detail: { password: 's3cr3t' },
  } as const;
  const { code, message } = failure;
  run.log({
    severity: 'error',
    message,
    event: 'holdfast.run.ended',
    failure,
    attributes: { 'holdfast.job.name': 'a' },
  });
  const said: string[] = [];
  const note = (text: string) => void said.push(text);
  const phase = run.root.child('open');
  const logger = telemetry.logger({ debug: note, info: note, warn: note }, phase);
  logger.warn('slow \ud800', { lag: 3 });
  phase.end();
  await run.end(code);
  const [ended, slow] = receiver.logs;
  const [open_, root] = receiver.spans;
  assert.deepEqual([ended?.traceId, ended?.spanId], [run.traceId, root?.spanId]);
  assert.deepEqual([slow?.traceId, slow?.spanId], [run.traceId, open_?.spanId]);
  assert.deepEqual([ended?.severity, ended?.severityText, ended?.eventName], [17, 'ERROR', 'holdfast.run.ended']);
  assert.equal(ended?.body, 'no space at https://…@store/x');
  assert.deepEqual(ended?.attributes, {
    'holdfast.job.name': 'a',
    'error.type': 'TARGET_FULL',
    'holdfast.failure.origin': 'target',
    'holdfast.failure.permanent': true,
    'holdfast.failure.hint': 'clear postgres://…@db',
  });
  assert.deepEqual([slow?.body, slow?.severity], ['slow \ufffd', 13]);
  assert.deepEqual(slow?.attributes, { 'holdfast.log.fields': '{"lag":3}' });
  assert.deepEqual(said, ['slow \ud800']);
  for (const { body } of receiver.requests) assert.doesNotMatch(String(body), /s3cr3t/);
});

test('where only logs are exported they carry the trace id that is printed', async (t) => {
  await using receiver = await OtlpReceiver.open();
  const env = { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' };
  await using telemetry = await open(t, receiver.endpoint, env);
  const run = telemetry.run('backup');
  run.log({ severity: 'info', message: 'hello' });
  await run.end();
  assert.deepEqual(
    receiver.logs.map(({ traceId }) => traceId),
    [run.traceId],
  );
  assert.deepEqual(
    receiver.requests.map(({ path }) => path),
    ['/v1/logs'],
  );
});

test('every signal has its own endpoint and headers', async (t) => {
  await using receiver = await OtlpReceiver.open();
  const env = {
    OTEL_EXPORTER_OTLP_HEADERS: 'x-for=all',
    OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'x-for=metrics',
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${receiver.endpoint}/own/logs`,
    OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/protobuf',
  };
  await using telemetry = await open(t, receiver.endpoint, env);
  const run = telemetry.run('backup');
  run.log({ severity: 'info', message: 'hello' });
  run.measure('holdfast.verify.findings', 1, { 'holdfast.verify.level': 'list' });
  await run.end();
  const seen = receiver.requests.map(({ path, headers }) => [path, headers['x-for'], headers['content-type']]);
  assert.deepEqual(seen.sort(), [
    ['/own/logs', 'all', 'application/x-protobuf'],
    ['/v1/metrics', 'metrics', 'application/json'],
    ['/v1/traces', 'all', 'application/json'],
  ]);
});

test('the resource is the agent, and the environment comes before it', async (t) => {
  await using receiver = await OtlpReceiver.open();
  await oneSpan(t, receiver.endpoint);
  await oneSpan(t, receiver.endpoint, {
    OTEL_SERVICE_NAME: 'named',
    OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=staging%20one,host.name=h',
  });
  const [plain, told] = receiver.spans.map((span) => span.resource);
  assert.equal(plain?.['service.name'], 'holdfast');
  assert.equal(plain?.['service.version'], '1.2.3');
  assert.equal(plain?.['host.name'], 'db1');
  assert.equal(plain?.['telemetry.sdk.language'], 'nodejs');
  assert.ok(plain?.['service.instance.id']);
  assert.equal(plain?.['process.command_args'], undefined);
  assert.equal(told?.['service.name'], 'named');
  assert.equal(told?.['deployment.environment.name'], 'staging one');
  assert.equal(told?.['host.name'], 'h');
});

test('10,000 spans of a burst all arrive', async (t) => {
  await using receiver = await OtlpReceiver.open();
  {
    await using telemetry = await open(t, receiver.endpoint);
    const run = telemetry.run('backup');
    for (let n = 0; n < 9_999; n++) run.root.child(`stage ${n}`).end();
    await run.end();
  }
  assert.equal(new Set(receiver.spans.map((span) => span.spanId)).size, 10_000);
});

test('a run becomes a child of TRACEPARENT, and is not recorded when its caller is not', async (t) => {
  await using receiver = await OtlpReceiver.open();
  const traceId = await oneSpan(t, receiver.endpoint, { TRACEPARENT: parent });
  assert.equal(traceId, '4bf92f3577b34da6a3ce929d0e0e4736');
  assert.equal(receiver.spans[0]?.traceId, traceId);
  assert.equal(receiver.spans[0]?.parentSpanId, '00f067aa0ba902b7');
  assert.equal(await oneSpan(t, receiver.endpoint, { TRACEPARENT: parent.replace(/01$/, '00') }), traceId);
  assert.equal(receiver.spans.length, 1);
});

test('a malformed TRACEPARENT is ignored, with a word to debug', async (t) => {
  await using receiver = await OtlpReceiver.open();
  const words: string[] = [];
  environment(t, { TRACEPARENT: 'nonsense' });
  const silent = await openTelemetry({ ...options(assert.fail), debug: (message) => words.push(message) });
  assert.match(silent.run('x').traceId, /^[0-9a-f]{32}$/);
  assert.equal(words.length, 1);
  await oneSpan(t, receiver.endpoint, { TRACEPARENT: 'nonsense' });
  assert.equal(receiver.spans[0]?.parentSpanId, undefined);
});

test('http/protobuf is spoken by default; headers and compression are those of the environment', async (t) => {
  await using receiver = await OtlpReceiver.open();
  await oneSpan(t, receiver.endpoint, {
    OTEL_EXPORTER_OTLP_PROTOCOL: '',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc,x-tenant=one',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
  });
  const [request] = receiver.requests;
  assert.equal(request?.path, '/v1/traces');
  assert.equal(request?.headers['content-type'], 'application/x-protobuf');
  assert.equal(request?.headers.authorization, 'Bearer abc');
  assert.equal(request?.headers['x-tenant'], 'one');
  assert.equal(request?.headers['content-encoding'], 'gzip');
  assert.ok(request?.body.includes('backup one'));
});

for (const [how, behaviour] of [
  ['that hangs', 'hang'],
  ['that answers 503', { status: 503, text: 'Bearer s3cr3t' }],
  ['that answers 401 and repeats the header', { status: 401, text: 'Bearer s3cr3t' }],
] as const) {
  test(`a collector ${how} is warned of once and fails nothing`, async (t) => {
    await using receiver = await OtlpReceiver.open();
    receiver.behaviour = behaviour;
    const warnings = await failingRun(t, receiver.endpoint);
    assert.ok(receiver.requests.length > 0);
    assertOneWarning(warnings, receiver.endpoint);
  });
}

test('the runs of one command are each told of a collector in trouble, and only the first asks it', async (t) => {
  await using receiver = await OtlpReceiver.open();
  receiver.behaviour = { status: 503 };
  const warnings: string[] = [];
  const env = { OTEL_EXPORTER_OTLP_TIMEOUT: '100', OTEL_METRICS_EXPORTER: 'none' };
  await using telemetry = await open(t, receiver.endpoint, env, (message) => warnings.push(message));
  for (let n = 1; n <= 3; n++) {
    const run = telemetry.run('backup');
    run.log({ severity: 'info', message: 'hello' });
    await run.end();
    assert.equal(receiver.requests.length, 2, 'one for the spans, one for the log records');
    assert.match(warnings[n - 1] ?? '', new RegExp(`: ${n} spans? and ${n} log records? at http`));
  }
});

test('a collector that is down is warned of once and fails nothing', async (t) => {
  const receiver = await OtlpReceiver.open();
  const { endpoint } = receiver;
  await receiver[Symbol.asyncDispose]();
  assertOneWarning(await failingRun(t, endpoint), endpoint);
});

test('a collector that speaks something else is warned of once and fails nothing', async (t) => {
  const server = createServer((socket) => void socket.on('error', () => {}).end('220 smtp.example.net ready\r\n'));
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  t.after(() => server.close());
  assertOneWarning(await failingRun(t, `http://127.0.0.1:${port}`), `http://127.0.0.1:${port}`);
});

test('a header that HTTP cannot carry is warned of without its value', async (t) => {
  await using receiver = await OtlpReceiver.open();
  const env = { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20s3cr3t%0a' };
  assertOneWarning(await failingRun(t, receiver.endpoint, env), receiver.endpoint);
  assert.deepEqual(receiver.requests, []);
});

test('credentials and the path of an endpoint stay out of the warning', async (t) => {
  const warnings = await failingRun(t, 'http://user:s3cr3t@127.0.0.1:9/s3cr3t');
  assertOneWarning(warnings, 'http://127.0.0.1:9');
});

test('OTEL_LOG_LEVEL=debug speaks to debug, and nothing reaches stdout', () => {
  const env = {
    OTEL_LOG_LEVEL: 'debug',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    OTEL_EXPORTER_OTLP_TIMEOUT: '1',
  };
  const { stdout, stderr } = inChild(env, 'debug: console.error');
  assert.equal(stdout, '');
  assert.match(stderr, /OpenTelemetry: /);
});

test('one warning names everything that did not arrive, and where', async (t) => {
  await using receiver = await OtlpReceiver.open();
  await using other = await OtlpReceiver.open();
  receiver.behaviour = { status: 404 };
  other.behaviour = { status: 413 };
  const warnings = await failingRun(t, receiver.endpoint, {
    OTEL_EXPORTER_OTLP_TIMEOUT: '10000',
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${other.endpoint}/s3cr3t`,
  });
  assert.deepEqual(warnings, [
    `telemetry did not arrive: 901 spans and the metrics at ${receiver.endpoint} (HTTP 404); ` +
      `1 log record at ${other.endpoint} (HTTP 413); the run is not affected; ` +
      'OTEL_TRACES_EXPORTER=none, OTEL_METRICS_EXPORTER=none, OTEL_LOGS_EXPORTER=none where it is not wanted',
  ]);
});

test('console writes a line per log record and per metric to stderr', () => {
  const env = { OTEL_LOGS_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'console' };
  const { stdout, stderr } = inChild(env);
  assert.equal(stdout, '');
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ body, metric }) => body ?? metric).sort(), ['hello', 'holdfast.verify.findings']);
});

test('OTEL_TRACES_EXPORTER=console writes a line per span to stderr', () => {
  const { stdout, stderr } = inChild({ OTEL_TRACES_EXPORTER: 'console', TRACEPARENT: parent });
  assert.equal(stdout, '');
  const span = JSON.parse(stderr);
  assert.equal(span.name, 'backup one');
  assert.equal(span.traceId, '4bf92f3577b34da6a3ce929d0e0e4736');
  assert.equal(span.parentSpanId, '00f067aa0ba902b7');
  assert.deepEqual(span.attributes, { 'holdfast.job': 'one' });
});

const loaded = `
  import { registerHooks } from 'node:module';
  const seen = [];
  registerHooks({ resolve(name, context, next) { const found = next(name, context); seen.push(found.url); return found; } });
  process.on('exit', () => console.log(seen.filter((url) => /@opentelemetry|^node:(http|https|net|tls)$/.test(url)).length));`;

for (const [why, env] of [
  ['is set', {}],
  ['but a service name is set', { OTEL_SERVICE_NAME: 'x', TRACEPARENT: parent }],
  [
    'counts since the SDK is disabled',
    { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
  ],
  [
    'counts since every exporter is none',
    {
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    },
  ],
] as const) {
  test(`no module of OpenTelemetry or of the network is loaded when nothing ${why}`, () => {
    const { stdout, stderr } = inChild(env, '', loaded);
    assert.equal(stderr, '');
    assert.equal(stdout, '0\n');
  });
}

for (const signal of ['TRACES', 'METRICS', 'LOGS']) {
  test(`the same look finds modules when ${signal} are configured`, () => {
    const { stdout } = inChild({ [`OTEL_${signal}_EXPORTER`]: 'console' }, '', loaded);
    assert.ok(Number(stdout) > 10, stdout);
  });
}

test('without an export a run has a trace id of its own, or that of its caller', async (t) => {
  environment(t, {});
  await using telemetry = await openTelemetry(options(assert.fail));
  assert.equal(telemetry.exporting, false);
  const [one, two] = [telemetry.run('a'), telemetry.run('b')];
  assert.match(one.traceId, /^[0-9a-f]{32}$/);
  assert.notEqual(one.traceId, two.traceId);
  one.root.child('x', { a: 1 }).child('y').end('CODE');
  await one.end();
  environment(t, { TRACEPARENT: parent });
  const below = await openTelemetry(options(assert.fail));
  assert.equal(below.run('c').traceId, '4bf92f3577b34da6a3ce929d0e0e4736');
});

/** Sets the environment of this process to what is given, without any other OTEL_* variable, until the test ends. */
function environment(t: TestContext, env: NodeJS.ProcessEnv): void {
  const before = { ...process.env };
  for (const name of Object.keys(process.env)) if (/^(OTEL_|TRACE)/.test(name)) delete process.env[name];
  Object.assign(process.env, env);
  t.after(() => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  });
}

function options(warn: (message: string) => void) {
  return { env: process.env, version: '1.2.3', host: 'db1', warn };
}

function open(
  t: TestContext,
  endpoint: string,
  env: NodeJS.ProcessEnv = {},
  warn: (message: string) => void = assert.fail,
): Promise<Telemetry> {
  environment(t, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', ...env });
  return openTelemetry(options(warn));
}

/** Sends one span and returns its trace id. */
async function oneSpan(t: TestContext, endpoint: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  await using telemetry = await open(t, endpoint, env);
  const run = telemetry.run('backup one');
  run.root.end();
  return run.traceId;
}

/** A run of every signal against a collector that fails; returns what was warned of. */
async function failingRun(t: TestContext, endpoint: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const warnings: string[] = [];
  const secret = {
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20s3cr3t',
    OTEL_EXPORTER_OTLP_TIMEOUT: '100',
    ...env,
  };
  await using telemetry = await open(t, endpoint, secret, (message) => warnings.push(message));
  const run = telemetry.run('backup');
  for (let n = 0; n < 900; n++) run.root.child('stage').end();
  run.log({ severity: 'warn', message: 'one' });
  run.measure('holdfast.verify.findings', 1, { 'holdfast.verify.level': 'list' });
  await run.end();
  return warnings;
}

function assertOneWarning(warnings: string[], endpoint: string): void {
  assert.equal(warnings.length, 1, warnings.join('\n'));
  assert.ok(warnings.join().includes(endpoint), warnings.join());
  assert.doesNotMatch(warnings[0] ?? '', /s3cr3t|Bearer/);
}

/** Runs a process that opens telemetry in the environment given, makes one span, and ends. */
function inChild(env: NodeJS.ProcessEnv, more = '', first = '') {
  const script = `${first}
    const { openTelemetry } = await import(${JSON.stringify(new URL('telemetry.ts', import.meta.url).href)});
    await using telemetry = await openTelemetry({ env: process.env, version: '1', host: 'h', warn: console.error, ${more} });
    const run = telemetry.run('backup one', { 'holdfast.job': 'one' });
    run.log({ severity: 'info', message: 'hello' });
    run.measure('holdfast.verify.findings', 1, { 'holdfast.verify.level': 'list' });
    await run.end();`;
  const inherited = Object.entries(process.env).filter(([name]) => !/^(OTEL_|TRACE)/.test(name));
  const child = spawnSync(process.execPath, [...process.execArgv, '--input-type=module', '--eval', script], {
    encoding: 'utf8',
    env: { ...Object.fromEntries(inherited), ...env },
  });
  assert.equal(child.status, 0, child.stderr);
  return child;
}
