import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunReport } from '../../agent/engine/run-report.ts';
import type { RestoreReport } from '../../agent/recovery/restore.ts';
import type { VerifyReport } from '../../agent/recovery/verification.ts';
import { READ_STAGES, STAGES } from '../../agent/workers/counters.ts';
import { noise } from '../kit/samples.ts';
import { OtlpReceiver, type ReceivedSpan } from '../services/otlp-receiver.ts';
import { Machine } from './machine.ts';
import { assertExit, documentOf } from './program.ts';

const ERROR = 2;

async function machineWithFiles(): Promise<Machine> {
  const machine = await Machine.create();
  mkdirSync(join(machine.data, 'folder'));
  for (let i = 0; i < 40; i++) writeFileSync(join(machine.data, 'folder', `${i}`), noise(i, 50_000));
  return machine;
}

/** For a child, so that it sends to `receiver` what that can decode. */
function sendingTo({ endpoint }: OtlpReceiver): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
}

/** Every span by its id, seen to be one tree below one root, in which no child lies outside its parent's time. */
function treeOf(
  spans: readonly ReceivedSpan[],
  remoteParent?: string,
): { root: ReceivedSpan; below: Map<string, ReceivedSpan[]> } {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  assert.equal(byId.size, spans.length, 'a span was sent twice');
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === remoteParent);
  const [root] = roots;
  assert.ok(root && roots.length === 1, `${roots.length} roots`);
  const below = new Map<string, ReceivedSpan[]>();
  for (const span of spans) {
    assert.equal(span.traceId, root.traceId);
    assert.ok(span.end >= span.start);
    if (span === root) continue;
    const parent = byId.get(span.parentSpanId ?? '');
    assert.ok(parent, `${span.name} has no parent`);
    // The two clocks of a process, of the wall and since its start, may drift apart by some microseconds.
    const slack = 5_000_000n;
    assert.ok(
      span.start >= parent.start - slack && span.end <= parent.end + slack,
      `${span.name} outlives ${parent.name}`,
    );
    below.set(parent.spanId, [...(below.get(parent.spanId) ?? []), span]);
  }
  return { root, below };
}

function namesBelow({ below }: ReturnType<typeof treeOf>, span: ReceivedSpan): string[] {
  return (below.get(span.spanId) ?? []).sort((a, b) => Number(a.start - b.start)).map(({ name }) => name);
}

function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const found = spans.filter((span) => span.name === name);
  assert.equal(found.length, 1, `${found.length} spans are called ${name}`);
  return found[0] as ReceivedSpan;
}

test('a run is one trace: phases below the run, the artifact below its phase, every stage below the artifact', async () => {
  await using machine = await machineWithFiles();
  await using receiver = await OtlpReceiver.open();
  for (const [args, artifact, input] of [
    [['run'], 'capture tree', undefined],
    [['run', '--stdin', 'dump'], 'capture bytes', [noise(1, 3_000_000)]],
  ] as const) {
    const given = { env: sendingTo(receiver), ...(input === undefined ? {} : { input }) };
    const { runs } = await machine.ask<{ runs: readonly RunReport[] }>([...args], given);
    const [run] = runs;
    assert.ok(run);
    const spans = receiver.spans.splice(0);
    const tree = treeOf(spans);
    assert.equal(tree.root.traceId, run.traceId, 'the printed trace is the one that was sent');
    assert.equal(tree.root.name, `backup ${run.job}`);
    assert.deepEqual(namesBelow(tree, tree.root), ['open', 'capture', 'commit']);
    assert.deepEqual(namesBelow(tree, named(spans, 'capture')), [artifact]);
    const captured = named(spans, artifact);
    assert.deepEqual(namesBelow(tree, captured).sort(), STAGES.map((stage) => `stage ${stage}`).sort());
    for (const span of tree.below.get(captured.spanId) ?? []) {
      assert.equal(span.attributes['holdfast.artifact.name'], run.artifacts[0]?.name);
    }
    assert.equal(captured.attributes['holdfast.artifact.size'], run.totals.size);
    assert.equal(named(spans, 'stage chunk').attributes['holdfast.stage.bytes_in'], run.totals.size);
    assert.ok(Number(named(spans, 'stage encrypt').attributes['holdfast.stage.bytes_out']) >= run.totals.size);
    assert.ok(spans.every(({ status }) => status !== ERROR));
    assert.ok(spans.every(({ resource }) => resource['service.name'] === 'holdfast'));
  }
});

test('restore and verify are traces of their own, by the ids they print', async () => {
  await using machine = await machineWithFiles();
  await using receiver = await OtlpReceiver.open();
  await machine.ask(['run']);
  const env = sendingTo(receiver);
  const restored = await machine.ask<RestoreReport>(['restore', 'files', '--into', machine.place('r')], { env });
  const ofRestore = treeOf(receiver.spans.splice(0));
  assert.deepEqual([ofRestore.root.traceId, ofRestore.root.name], [restored.traceId, 'restore files']);
  assert.deepEqual(
    namesBelow(ofRestore, ofRestore.root),
    restored.phases.map(({ name }) => name),
  );
  const restoring = named(ofRestore.below.get(ofRestore.root.spanId) ?? [], 'restore');
  assert.deepEqual(namesBelow(ofRestore, restoring), ['read tree']);
  const artifact = named(ofRestore.below.get(restoring.spanId) ?? [], 'read tree');
  assert.deepEqual(namesBelow(ofRestore, artifact).sort(), READ_STAGES.map((stage) => `stage ${stage}`).sort());
  const verified = await machine.ask<VerifyReport>(['verify', '--level', 'decrypt'], { env });
  const ofVerify = treeOf(receiver.spans.splice(0));
  assert.deepEqual([ofVerify.root.traceId, ofVerify.root.name], [verified.traceId, 'verify']);
  assert.deepEqual(
    namesBelow(ofVerify, ofVerify.root),
    verified.phases.map(({ name }) => name),
  );
});

test('a trace that the caller began is gone on with', async () => {
  await using machine = await machineWithFiles();
  await using receiver = await OtlpReceiver.open();
  const [traceId, parent] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
  const env = { TRACEPARENT: `00-${traceId}-${parent}-01` };
  const { runs } = await machine.ask<{ runs: readonly RunReport[] }>(['run'], {
    env: { ...sendingTo(receiver), ...env },
  });
  const tree = treeOf(receiver.spans.splice(0), parent);
  assert.deepEqual([tree.root.traceId, runs[0]?.traceId], [traceId, traceId]);
  // Also where nothing is sent: what is printed must be found in the caller's own trace.
  const silent = await machine.ask<{ runs: readonly RunReport[] }>(['run'], { env });
  assert.equal(silent.runs[0]?.traceId, traceId);
});

test('nothing is sent unless an exporter or an endpoint is named, and nothing when it is switched off', async () => {
  await using machine = await machineWithFiles();
  await using receiver = await OtlpReceiver.open();
  for (const env of [
    {},
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_SERVICE_NAME: 'x' },
    { ...sendingTo(receiver), OTEL_SDK_DISABLED: 'true' },
    {
      ...sendingTo(receiver),
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    },
  ]) {
    const { runs } = await machine.ask<{ runs: readonly RunReport[] }>(['run'], { env });
    assert.match(runs[0]?.traceId ?? '', /^[0-9a-f]{32}$/);
  }
  assert.deepEqual(receiver.requests, []);
  // The same receiver does take what is sent to it.
  await machine.ask(['run'], { env: sendingTo(receiver) });
  assert.ok(receiver.requests.length > 0);
});

test('a run that fails says so in its trace, from the root down to where it failed', async () => {
  await using machine = await machineWithFiles();
  await using receiver = await OtlpReceiver.open();
  rmSync(machine.data, { recursive: true });
  const ended = await machine.call(['run', '--json'], { env: sendingTo(receiver) });
  assertExit(ended, 1);
  const [run] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
  const spans = receiver.spans.splice(0);
  const { root } = treeOf(spans);
  assert.deepEqual([root.traceId, root.status], [run?.traceId, ERROR]);
  assert.equal(root.attributes['error.type'], run?.failure?.code);
  assert.equal(named(spans, 'capture').status, ERROR);
  assert.notEqual(named(spans, 'open').status, ERROR);
});

test('a collector that is down, or refuses, is warned of once and fails nothing', async () => {
  await using machine = await machineWithFiles();
  const receiver = await OtlpReceiver.open();
  receiver.behaviour = { status: 400 };
  const env = sendingTo(receiver);
  for (const what of ['refuses', 'is down']) {
    if (what === 'is down') await receiver[Symbol.asyncDispose]();
    const ended = await machine.call(['run', '--json'], { env });
    assertExit(ended, 0);
    assert.equal(documentOf<{ runs: readonly RunReport[] }>(ended).runs[0]?.verdict, 'ok');
    assert.equal(ended.stderr.match(/^! /gm)?.length, 1, `${what}:\n${ended.stderr}`);
  }
});
