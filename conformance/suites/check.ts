import assert from 'node:assert/strict';
import type { Check, CheckPlugin, Finding, Json } from 'holdfast/plugin';
import { describedCheck } from '../kit/described.ts';
import { expectFailure } from '../kit/expect.ts';
import { type LentHost, lendHost } from '../kit/host.ts';
import { type ConformanceCheck, notOffered, type Suite } from '../kit/suite.ts';
import type { Place } from './target-harness.ts';

/** A running system of its own, of which what the check asks holds; disposing removes it. */
export interface CheckedSystem extends Place {
  /** Makes what the check asks untrue, while the system goes on running. */
  spoil(): Promise<void>;
  /** Makes it true again. */
  mend(): Promise<void>;
  /** What a check must leave as it is, when there is anything that it could change. */
  state?(): Promise<Json>;
}

/** What the author of a check supplies. */
export interface CheckHarness {
  readonly plugin: CheckPlugin;
  system(): Promise<CheckedSystem>;
  /** Valid options of a system that does not run. */
  absent(): Promise<Place>;
  /** One that takes a question and never answers, when there is such a thing. */
  silent?(): Promise<Place>;
}

type Obligation = ConformanceCheck<CheckHarness>;

interface OpenCheck extends AsyncDisposable {
  readonly check: Check;
  readonly system: CheckedSystem;
  readonly host: LentHost;
}

async function open({ plugin, system: make }: CheckHarness): Promise<OpenCheck> {
  await using stack = new AsyncDisposableStack();
  const system = stack.use(await make());
  const host = stack.use(await lendHost());
  const check = stack.use(await plugin.open(system.options, host));
  const all = stack.move();
  return { check, system, host, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function assertHolds({ what, failure }: Finding, when: string): void {
  assert.ok(typeof what === 'string' && what.trim() !== '', `${when}: the finding does not say what was looked at`);
  assert.equal(failure, undefined, `${when}: found ${failure?.code}: ${failure?.message}`);
}

function assertFails({ failure }: Finding, when: string): void {
  assert.ok(failure !== undefined, `${when}: nothing was found`);
  assert.match(failure.code, /^[A-Z][A-Z0-9_]*$/, `${when}: the code of the failure`);
  assert.ok(failure.message.trim() !== '', `${when}: a failure without a message`);
}

const soundObligation: Obligation = {
  name: 'finds nothing in what holds',
  holds: 'Of a system that is as it should be, the finding says what was looked at, and has no failure.',
  async run(harness) {
    await using opened = await open(harness);
    assertHolds(await opened.check.check(), 'a sound system');
    return undefined;
  },
};

const spoiltObligation: Obligation = {
  name: 'finds what does not hold',
  holds: 'What does not hold is a finding with a failure that has a code and a message; it is not thrown.',
  async run(harness) {
    await using opened = await open(harness);
    await opened.system.spoil();
    assertFails(await opened.check.check(), 'a spoilt system');
    return undefined;
  },
};

const againObligation: Obligation = {
  name: 'asks anew each time',
  holds: 'Called again, it tells how the system is now; `what` stays the same.',
  async run(harness) {
    await using opened = await open(harness);
    const first = await opened.check.check();
    await opened.system.spoil();
    const spoilt = await opened.check.check();
    await opened.system.mend();
    const mended = await opened.check.check();
    const failed = [first, spoilt, mended].map(({ failure }) => failure !== undefined);
    assert.deepEqual(failed, [false, true, false], 'failures of a system that was sound, spoilt and mended');
    assert.deepEqual([spoilt.what, mended.what], [first.what, first.what], 'what was looked at');
    return undefined;
  },
};

const absentObligation: Obligation = {
  name: 'a system that is not there is a finding',
  holds:
    'Of a system that does not run, check resolves to a finding with a failure: that is what a drill wants to know.',
  async run(harness) {
    await using place = await harness.absent();
    await using host = await lendHost();
    await using check = await harness.plugin.open(place.options, host);
    assertFails(await check.check(), 'a system that is not there');
    return undefined;
  },
};

const dataObligation: Obligation = {
  name: 'a finding is plain data',
  holds: 'Findings are stored and printed: they come through JSON as they are.',
  async run(harness) {
    await using opened = await open(harness);
    const sound = await opened.check.check();
    await opened.system.spoil();
    for (const finding of [sound, await opened.check.check()]) {
      assert.deepEqual(JSON.parse(JSON.stringify(finding)), finding);
    }
    return undefined;
  },
};

const harmlessObligation: Obligation = {
  name: 'changes nothing',
  holds: 'Asking leaves the system as it was.',
  async run(harness) {
    await using opened = await open(harness);
    if (opened.system.state === undefined) return notOffered('a state that could change');
    const before = await opened.system.state();
    await opened.check.check();
    assert.deepEqual(await opened.system.state(), before, 'the state of the system after a check');
    return undefined;
  },
};

const abortObligation: Obligation = {
  name: 'gives up when told',
  holds: 'When the host signals abort, before or during check, it rejects within a second: that is no finding.',
  async run(harness) {
    await using opened = await open(harness);
    opened.host.abort();
    await withinASecond('aborted before', () => opened.check.check());
    if (harness.silent === undefined) return notOffered('a system that never answers');
    await using place = await harness.silent();
    await using host = await lendHost();
    await using check = await harness.plugin.open(place.options, host);
    await withinASecond('aborted during', () => {
      const asking = check.check();
      setImmediate(() => host.abort());
      return asking;
    });
    return undefined;
  },
};

async function withinASecond(what: string, action: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  await expectFailure(what, action);
  assert.ok(performance.now() - started < 1000, `${what}, it took longer than a second`);
}

const disposeObligation: Obligation = {
  name: 'disposing',
  holds: 'Disposing works unused, twice, and after a failure.',
  async run(harness) {
    await using unused = await open(harness);
    await unused.check[Symbol.asyncDispose]();
    await unused.check[Symbol.asyncDispose]();
    await using failed = await open(harness);
    failed.host.abort();
    await expectFailure('an aborted check', () => failed.check.check());
    await failed.check[Symbol.asyncDispose]();
    return undefined;
  },
};

/** The obligations of `Check`. */
export const checkSuite: Suite<CheckHarness> = {
  name: 'check',
  checks: [
    describedCheck,
    soundObligation,
    spoiltObligation,
    againObligation,
    absentObligation,
    dataObligation,
    harmlessObligation,
    abortObligation,
    disposeObligation,
  ],
};
