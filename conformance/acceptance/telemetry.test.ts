import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunReport } from '../../agent/engine/run-report.ts';
import type { RestoreReport } from '../../agent/recovery/restore.ts';
import type { VerifyReport } from '../../agent/recovery/verification.ts';
import { EVENTS, type EventDescription } from '../../agent/telemetry/events.ts';
import { INSTRUMENTS, type Instrument, type InstrumentName } from '../../agent/telemetry/instruments.ts';
import { SPANS } from '../../agent/telemetry/span-table.ts';
import { STAGES } from '../../agent/workers/counters.ts';
import { noise } from '../kit/samples.ts';
import { type Collected, Collector, findCollector } from '../services/collector.ts';
import { Machine, PASSPHRASE } from './machine.ts';
import { assertExit, documentOf } from './program.ts';

/** Everything here goes to a real Collector, by http/protobuf, from the real program. */
const program = await findCollector();
const skip = program === undefined ? 'no Collector, and no Go that could build it' : false;

async function setUp() {
  const machine = await Machine.create();
  mkdirSync(join(machine.data, 'folder'));
  for (let i = 0; i < 40; i++) writeFileSync(join(machine.data, 'folder', `${i}`), noise(i, 50_000));
  const collector = await Collector.start(program ?? assert.fail());
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_RESOURCE_ATTRIBUTES: 'deployment.name=test' };
  return {
    machine,
    collector,
    env,
    async [Symbol.asyncDispose]() {
      await collector[Symbol.asyncDispose]();
      await machine[Symbol.asyncDispose]();
    },
  };
}

type Runs = { readonly runs: readonly RunReport[] };

/** The values of a metric by the attributes named, joined; a histogram's by its count. */
function valuesOf({ points }: Collected, name: InstrumentName, ...by: readonly string[]): Map<string, number> {
  const of = points.filter(({ metric }) => metric === name);
  return new Map(
    of.map(({ attributes, value, count }) => [by.map((key) => attributes[key]).join(' '), count ?? value]),
  );
}

/** Holds when everything that came is described, and belongs to one of `traces` and to one resource. */
function assertBelongsTogether({ spans, logs, points, text }: Collected, traces: readonly string[]): void {
  assert.deepEqual(new Set(spans.map(({ traceId }) => traceId)), new Set(traces));
  const spanIds = new Set(spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`));
  for (const { traceId, spanId, eventName, attributes } of logs) {
    assert.ok(spanIds.has(`${traceId} ${spanId}`), `${eventName} belongs to no span`);
    const event: EventDescription | undefined = Object.entries(EVENTS).find(([name]) => name === eventName)?.[1];
    assertDescribed(eventName, attributes, event?.attributes);
  }
  for (const { name, attributes } of spans) {
    const described = SPANS.find((span) => patternOf(span.name).test(name));
    assertDescribed(name, attributes, described?.attributes.concat('error.type'));
  }
  for (const { metric, unit, kind, description, attributes, bounds } of points) {
    const instrument: Instrument | undefined = Object.entries(INSTRUMENTS).find(([name]) => name === metric)?.[1];
    assertDescribed(metric, attributes, instrument?.attributes);
    assert.deepEqual([unit, description], [instrument?.unit, instrument?.description]);
    assert.equal(kind === 'sum' ? 'counter' : kind, instrument?.kind);
    assert.deepEqual(bounds, instrument?.buckets);
  }
  const [resource] = spans.map((span) => span.resource);
  assert.equal(resource?.['service.name'], 'holdfast');
  assert.equal(resource?.['deployment.name'], 'test');
  for (const one of [...spans, ...logs, ...points]) assert.deepEqual(one.resource, resource);
  assert.ok(!text.includes(PASSPHRASE));
}

function assertDescribed(name: string, attributes: object, described: readonly string[] | undefined): void {
  assert.ok(described, `${name} is in no table`);
  for (const key of Object.keys(attributes)) assert.ok(described.includes(key), `${name} has ${key}, and no table`);
}

/** `capture <tree or bytes>` also stands for `capture tree`; `<phase>` for one word. */
function patternOf(name: string): RegExp {
  return new RegExp(`^${name.replaceAll(/<[^>]+>/g, '\\S+')}$`);
}

test('a run, a restore and a check: traces, metrics and log records that belong together', { skip }, async () => {
  await using given = await setUp();
  const { machine, collector, env } = given;
  const runs: RunReport[] = [];
  for (let n = 0; n < 2; n++) runs.push(...(await machine.ask<Runs>(['run'], { env })).runs);
  const [first, second] = runs;
  assert.ok(first && second);
  const restored = await machine.ask<RestoreReport>(['restore', 'files', '--into', machine.place('r')], { env });
  const verified = await machine.ask<VerifyReport>(['verify'], { env });
  const collected = await collector.collected();
  assertBelongsTogether(
    collected,
    [...runs, restored, verified].map(({ traceId }) => traceId),
  );
  assert.deepEqual(
    new Set(collected.points.map(({ metric }) => metric)),
    new Set(Object.keys(INSTRUMENTS)),
    'every instrument of the table is used',
  );
  assert.deepEqual(
    collected.logs.map(({ traceId, eventName, severityText }) => [traceId, eventName, severityText]),
    [
      [first.traceId, 'holdfast.run.ended', 'INFO'],
      [second.traceId, 'holdfast.run.ended', 'INFO'],
      [restored.traceId, 'holdfast.restore.ended', 'INFO'],
      [verified.traceId, 'holdfast.verify.ended', 'INFO'],
    ],
  );
  // The second run is a process of its own, and comes later: these are its values.
  const seconds = Date.parse(second.finished) / 1000;
  assert.deepEqual(
    valuesOf(collected, 'holdfast.job.last_success.time', 'holdfast.job.name'),
    new Map([['files', seconds]]),
  );
  assert.deepEqual(valuesOf(collected, 'holdfast.run.duration', 'holdfast.outcome'), new Map([['ok', 1]]));
  assert.deepEqual(valuesOf(collected, 'holdfast.source.size'), new Map([['', second.totals.size]]));
  const busy = valuesOf(collected, 'holdfast.stage.busy', 'holdfast.stage');
  assert.deepEqual([...busy.keys()].sort(), [...STAGES].sort());
  const growth = collected.points.filter(({ metric }) => metric === 'holdfast.repository.growth');
  assert.deepEqual(
    growth.map(({ value, attributes }) => [value, attributes['holdfast.target.name']]),
    runs.map(({ stored }) => [stored.bytes, 'local']),
  );
  const read = collected.points.filter(({ metric }) => metric === 'holdfast.source.read').map(({ value }) => value);
  assert.deepEqual(read[0], first.totals.size);
  const chunks = collected.points.filter(({ attributes }) => attributes['holdfast.chunk.state'] === 'new');
  assert.equal(chunks[0]?.value, first.totals.newChunks);
});

test('a run that fails: an error with its data, and the time of the last success again', { skip }, async () => {
  await using given = await setUp();
  const { machine, collector, env } = given;
  const [good] = (await machine.ask<Runs>(['run'])).runs;
  rmSync(machine.data, { recursive: true });
  const ended = await machine.call(['run', '--json'], { env });
  assertExit(ended, 1);
  const [bad] = documentOf<Runs>(ended).runs;
  const collected = await collector.collected();
  assertBelongsTogether(collected, [bad?.traceId ?? '']);
  const [record] = collected.logs;
  assert.equal(collected.logs.length, 1);
  assert.deepEqual(
    [record?.severity, record?.eventName, record?.body],
    [17, 'holdfast.run.ended', bad?.failure?.message],
  );
  const { code, origin, permanent, hint } = bad?.failure ?? assert.fail();
  const { attributes } = record ?? assert.fail();
  assert.deepEqual(
    [
      attributes['error.type'],
      attributes['holdfast.failure.origin'],
      attributes['holdfast.failure.permanent'],
      attributes['holdfast.failure.hint'],
    ],
    [code, origin, permanent, hint],
  );
  assert.deepEqual(valuesOf(collected, 'holdfast.run.duration', 'holdfast.outcome'), new Map([['failed', 1]]));
  assert.deepEqual(
    valuesOf(collected, 'holdfast.job.last_success.time'),
    new Map([['', Date.parse(good?.finished ?? '') / 1000]]),
  );
  assert.equal(
    valuesOf(collected, 'holdfast.source.size').size,
    0,
    'a run without a snapshot says nothing of its size',
  );
});

test('a Collector that stops answering: one warning for all signals, the same result', { skip }, async () => {
  await using given = await setUp();
  const { machine, collector, env } = given;
  collector.signal('SIGSTOP');
  const ended = await machine.call(['run', '--json'], { env });
  assertExit(ended, 0);
  assert.equal(documentOf<Runs>(ended).runs[0]?.verdict, 'ok');
  const warnings = ended.stderr.split('\n').filter((line) => line.startsWith('! '));
  assert.equal(warnings.length, 1, ended.stderr);
  assert.match(
    warnings[0] ?? '',
    /^! telemetry did not arrive: \d+ spans, the metrics and 1 log record at http:\/\/127\.0\.0\.1:\d+ \(it does not answer/,
  );
  collector.signal('SIGCONT');
});
