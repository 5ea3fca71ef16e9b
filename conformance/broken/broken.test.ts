import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TargetPlugin } from 'holdfast/plugin';
import { runSuite, type Suite } from '../kit/suite.ts';
import { checkSuite } from '../suites/check.ts';
import { chunkerSuite } from '../suites/chunker.ts';
import { codecSuite } from '../suites/codec.ts';
import { notifierSuite } from '../suites/notifier.ts';
import { targetSuite } from '../suites/target.ts';
import type { Place, TargetHarness } from '../suites/target-harness.ts';
import { brokenChecks, checkHarness, soundCheck } from './checks.ts';
import { MemoryTarget, memoryPlugin, places } from './memory-target.ts';
import { brokenNotifiers, notifierHarness, soundNotifier } from './notifiers.ts';
import { brokenChunkers, brokenCodecs, soundChunker, soundCodec } from './stages.ts';
import { brokenTargets } from './targets.ts';
import { plugin as torn } from './torn-target.ts';

async function failures<H>(suite: Suite<H>, harness: H): Promise<string[]> {
  const findings = await runSuite(suite, harness);
  return findings.filter((finding) => finding.failure !== undefined).map(({ what }) => what);
}

function targetHarness(plugin: TargetPlugin): TargetHarness {
  return { plugin, module: undefined, place: async () => place(true), absent: async () => place(false) };
}

function place(there: boolean): Place {
  const name = randomUUID();
  if (there) places.set(name, new Map());
  return {
    options: { place: name },
    async [Symbol.asyncDispose]() {
      places.delete(name);
    },
  };
}

const chunkerHarness = { options: {}, contentDefined: true };
const codecHarness = { options: {}, detectsDamage: true };

/** Of 64 MiB, at which none of these breaks: it would take most of the time. */
const quickTargetSuite = {
  ...targetSuite,
  checks: targetSuite.checks.filter((check) => check.name !== 'a body of 64 MiB'),
};

function tornHarness(): TargetHarness {
  return {
    plugin: torn,
    module: import.meta.resolve('./torn-target.ts'),
    place: () => folder(),
    absent: () => folder('absent'),
  };
}

async function folder(below = ''): Promise<Place> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-torn-'));
  return {
    options: { place: join(path, below) },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

describe('a suite finds nothing in what is sound', () => {
  it('target', async () => {
    assert.deepEqual(await failures(targetSuite, targetHarness(memoryPlugin(MemoryTarget))), []);
  });
  it('chunker', async () => {
    assert.deepEqual(await failures(chunkerSuite, { ...chunkerHarness, plugin: soundChunker }), []);
  });
  it('codec', async () => {
    assert.deepEqual(await failures(codecSuite, { ...codecHarness, plugin: soundCodec }), []);
  });
  it('notifier', async () => {
    assert.deepEqual(await failures(notifierSuite, notifierHarness(soundNotifier)), []);
  });
  it('check', async () => {
    assert.deepEqual(await failures(checkSuite, checkHarness(soundCheck)), []);
  });
});

describe('a suite finds the one thing that is broken', () => {
  for (const { breaks, plugin } of brokenTargets) {
    it(`target: ${breaks}`, async () => {
      assert.deepEqual(await failures(quickTargetSuite, targetHarness(plugin)), [breaks]);
    });
  }
  for (const { breaks, plugin } of brokenChunkers) {
    it(`chunker: ${breaks}`, async () => {
      assert.deepEqual(await failures(chunkerSuite, { ...chunkerHarness, plugin }), [breaks]);
    });
  }
  for (const { breaks, plugin } of brokenCodecs) {
    it(`codec: ${breaks}`, async () => {
      assert.deepEqual(await failures(codecSuite, { ...codecHarness, plugin }), [breaks]);
    });
  }
  for (const { breaks, plugin } of brokenNotifiers) {
    it(`notifier: ${breaks}`, async () => {
      assert.deepEqual(await failures(notifierSuite, notifierHarness(plugin)), [breaks]);
    });
  }
  for (const { breaks, plugin } of brokenChecks) {
    it(`check: ${breaks}`, async () => {
      assert.deepEqual(await failures(checkSuite, checkHarness(plugin)), [breaks]);
    });
  }
  it('target: killed in the middle of a put', async () => {
    assert.deepEqual(await failures(quickTargetSuite, tornHarness()), ['killed in the middle of a put']);
  });
});

it('every check but those that say plainly that it works is seen to fail', () => {
  const plain = ['stores and returns', 'the same bytes again', 'a body of 64 MiB', 'a reader that stops early'];
  const seen = [...brokenTargets.map(({ breaks }) => breaks), 'killed in the middle of a put', ...plain];
  assert.deepEqual(seen.sort(), targetSuite.checks.map(({ name }) => name).sort());
  const stages = ['describes itself', 'covers every byte', 'starts again at any boundary'];
  assert.deepEqual(
    [...brokenChunkers.map(({ breaks }) => breaks), ...stages].sort(),
    chunkerSuite.checks.map(({ name }) => name).sort(),
  );
  assert.deepEqual(
    [...brokenCodecs.map(({ breaks }) => breaks), 'describes itself'].sort(),
    codecSuite.checks.map(({ name }) => name).sort(),
  );
  for (const { broken, suite } of [
    { broken: brokenNotifiers, suite: notifierSuite },
    { broken: brokenChecks, suite: checkSuite },
  ]) {
    assert.deepEqual(
      broken.map(({ breaks }) => breaks),
      suite.checks.map(({ name }) => name),
    );
  }
});
