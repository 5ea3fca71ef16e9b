import assert from 'node:assert/strict';
import { failureOf, type Sink } from 'holdfast/plugin';
import { expectFailure } from '../kit/expect.ts';
import { lendHost } from '../kit/host.ts';
import { MemorySink } from '../kit/memory-sink.ts';
import { type ConformanceCheck, notOffered } from '../kit/suite.ts';
import { backupRequest, capture, openSample, restore, restoreRequest, type SourceHarness } from './source-harness.ts';

type Check = ConformanceCheck<SourceHarness>;

const probeCheck: Check = {
  name: 'probe changes nothing',
  holds: 'probe() says as JSON what it found, may be called again, and leaves the system as it was.',
  async run(harness) {
    await using open = await openSample(harness);
    const before = await open.system.state();
    const facts = await open.source.probe();
    await open.source.probe();
    assert.deepEqual(JSON.parse(JSON.stringify(facts)), facts, 'the facts of probe');
    assert.deepEqual(await open.system.state(), before, 'the state of the system after probe');
    return undefined;
  },
};

const absentCheck: Check = {
  name: 'a system that is not there is an error',
  holds: 'Opening, probing or backing up a system that is not there fails with origin source, and hands in nothing.',
  async run(harness) {
    await using host = await lendHost();
    const options = await harness.absent();
    const sink = new MemorySink();
    const use = async (action: 'probe' | 'backup') => {
      await using source = await harness.plugin.open(options, host);
      await (action === 'probe' ? source.probe() : source.backup(backupRequest(), sink));
    };
    await expectFailure('probe', () => use('probe'), { origin: 'source' });
    await expectFailure('backup', () => use('backup'), { origin: 'source' });
    assert.deepEqual(sink.snapshot().facts(), {}, 'the parts of a system that is not there');
    return undefined;
  },
};

const verdictCheck: Check = {
  name: 'a backup ends with a verdict',
  holds: 'backup() leaves the system as it was, skips nothing that can be read, and returns facts that are JSON.',
  async run(harness) {
    await using open = await openSample(harness);
    const before = await open.system.state();
    const { verdict, sink, snapshot } = await capture(open.source);
    assert.ok(verdict !== undefined && verdict !== null && 'facts' in verdict, 'backup returned no verdict');
    for (const facts of [verdict.facts, snapshot.facts()]) assert.deepEqual(JSON.parse(JSON.stringify(facts)), facts);
    assert.deepEqual(sink.skipped, [], 'what was skipped of a readable system');
    assert.deepEqual(await open.system.state(), before, 'the state of the system after a backup');
    return undefined;
  },
};

const orderCheck: Check = {
  name: 'hands in what the contract says',
  holds:
    'Names of parts are unique, buffers are not empty, attributes are texts, numbers or booleans of names that are not the agent’s, trees are in tree order, each entry with its folder and each hard link with its file before it.',
  async run(harness) {
    await using open = await openSample(harness);
    const { sink } = await capture(open.source);
    assert.deepEqual(sink.violations, []);
    return undefined;
  },
};

const stableCheck: Check = {
  name: 'parts keep their names',
  holds: 'Two backups of a system that did not change have the same parts, by reuse or by reading.',
  async run(harness) {
    await using open = await openSample(harness);
    const first = await capture(open.source);
    const second = await capture(open.source, first);
    assert.deepEqual(Object.keys(second.snapshot.facts()).sort(), Object.keys(first.snapshot.facts()).sort());
    return undefined;
  },
};

const skipCheck: Check = {
  name: 'what cannot be read is skipped, the rest kept',
  holds:
    'skip() names what could not be captured, with origin source; everything else is captured, and the backup ends with a verdict.',
  async run(harness) {
    await using open = await openSample(harness);
    if (open.system.spoil === undefined) return notOffered('going on without a part');
    const { what, left } = await open.system.spoil();
    const { sink, snapshot } = await capture(open.source);
    const named = sink.skipped.map((skipped) => skipped.what);
    assert.ok(named.includes(what), `skip() must name ${what}; it named ${named.join(', ') || 'nothing'}`);
    for (const { failure } of sink.skipped) assert.equal(failure.origin, 'source', `the origin of ${failure.code}`);
    await using place = await harness.place();
    await restore(open.source, restoreRequest(place), snapshot);
    assert.deepEqual(await place.state(), left, 'what was captured beside the part that could not be read');
    return undefined;
  },
};

const brokenSinkCheck: Check = {
  name: 'a failing sink ends the backup',
  holds: 'What the sink throws comes out of backup() as it is: the source neither goes on nor says it was its own.',
  async run(harness) {
    await using open = await openSample(harness);
    const full = { code: 'TARGET_FULL', message: 'no space left', origin: 'target', permanent: false } as const;
    const thrown = Object.assign(new Error(full.message), { failure: full });
    const sink = sinkThatEndsAfterOne(() => {
      throw thrown;
    });
    const failure = await expectFailure('a backup into a full target', () => open.source.backup(backupRequest(), sink));
    assert.deepEqual(failure, failureOf(thrown, { code: '', origin: 'agent' }));
    return undefined;
  },
};

const abortCheck: Check = {
  name: 'an aborted backup ends',
  holds:
    'When the host signals abort, before or during a backup, backup() rejects within a second; disposing still works.',
  async run(harness) {
    for (const moment of ['before', 'during'] as const) {
      await using open = await openSample(harness);
      let aborted = Number.NaN;
      const abort = () => {
        if (Number.isNaN(aborted)) aborted = performance.now();
        open.host.abort();
      };
      const sink = sinkThatEndsAfterOne(abort);
      if (moment === 'before') abort();
      await expectFailure(`a backup that is aborted ${moment}`, () => open.source.backup(backupRequest(), sink));
      assert.ok(performance.now() - aborted < 1000, `aborted ${moment}, it took longer than a second`);
    }
    return undefined;
  },
};

const disposeCheck: Check = {
  name: 'disposing is safe at any time',
  holds: 'Disposing a source works unused, twice, and after a failure.',
  async run(harness) {
    await using unused = await openSample(harness);
    await unused.source[Symbol.asyncDispose]();
    await unused.source[Symbol.asyncDispose]();
    await using failed = await openSample(harness);
    failed.host.abort();
    await expectFailure('an aborted backup', () => capture(failed.source));
    await failed.source[Symbol.asyncDispose]();
    await failed.source[Symbol.asyncDispose]();
    return undefined;
  },
};

/** A sink that calls `then` when it was given the first piece of anything, and goes on taking when that returns. */
function sinkThatEndsAfterOne(then: () => void): Sink {
  const inner = new MemorySink();
  async function* watched<T>(pieces: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const piece of pieces) {
      yield piece;
      then();
    }
  }
  return {
    bytes: (name, data, options) => inner.bytes(name, watched(data), options),
    tree: (name, entries, options) =>
      inner.tree(name, (known) => watched(typeof entries === 'function' ? entries(known) : entries), options),
    append: async (record) => {
      await inner.append(record);
      then();
    },
    reuse: (name) => inner.reuse(name),
    gap: (gap) => inner.gap(gap),
    skip: (what, failure) => inner.skip(what, failure),
  };
}

export const backupChecks: readonly Check[] = [
  probeCheck,
  absentCheck,
  verdictCheck,
  orderCheck,
  stableCheck,
  skipCheck,
  brokenSinkCheck,
  abortCheck,
  disposeCheck,
];
