import assert from 'node:assert/strict';
import type { Event, Notifier, NotifierPlugin } from 'holdfast/plugin';
import { describedCheck } from '../kit/described.ts';
import { expectFailure } from '../kit/expect.ts';
import { type LentHost, lendHost } from '../kit/host.ts';
import { type ConformanceCheck, notOffered, type Suite } from '../kit/suite.ts';
import type { Place } from './target-harness.ts';

/** Somewhere that messages arrive, empty; disposing removes it. */
export interface Inbox extends Place {
  /** What of each message people see, in the order of arrival. */
  received(): Promise<readonly string[]>;
}

/** What the author of a notifier supplies. */
export interface NotifierHarness {
  readonly plugin: NotifierPlugin;
  inbox(): Promise<Inbox>;
  /** Valid options of a place where nobody takes messages: a port without a server, a folder that is not there. */
  absent(): Promise<Place>;
  /** A place that seems to take a message and never says so, when there is such a thing: a server that does not answer. */
  silent?(): Promise<Place>;
}

type Check = ConformanceCheck<NotifierHarness>;

interface OpenInbox extends AsyncDisposable {
  readonly notifier: Notifier;
  readonly inbox: Inbox;
  readonly host: LentHost;
}

async function open({ plugin, inbox: make }: NotifierHarness): Promise<OpenInbox> {
  await using stack = new AsyncDisposableStack();
  const inbox = stack.use(await make());
  const host = stack.use(await lendHost());
  const notifier = stack.use(await plugin.open(inbox.options, host));
  const all = stack.move();
  return { notifier, inbox, host, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function event(over: Partial<Event> = {}): Event {
  return {
    id: 'run.failed/orders',
    rule: 'run.failed',
    severity: 'critical',
    at: '2026-11-23T04:05:06.789Z',
    title: 'orders was not backed up',
    text: 'The target is full since Monday.',
    resolved: false,
    ...over,
  };
}

const quietCheck: Check = {
  name: 'opening tells nobody',
  holds: 'A notifier that is opened and disposed sends nothing.',
  async run(harness) {
    await using inbox = await harness.inbox();
    await using host = await lendHost();
    const notifier = await harness.plugin.open(inbox.options, host);
    await notifier[Symbol.asyncDispose]();
    assert.deepEqual(await inbox.received(), []);
    return undefined;
  },
};

const contentCheck: Check = {
  name: 'tells what happened',
  holds: 'When notify resolves, one message has arrived, with the title, the text and the severity.',
  async run(harness) {
    for (const severity of ['info', 'warning', 'critical'] as const) {
      await using opened = await open(harness);
      const told = event({ severity });
      await opened.notifier.notify(told);
      const [message, ...more] = await opened.inbox.received();
      assert.ok(message !== undefined && more.length === 0, `${more.length + 1} messages of one event`);
      for (const part of [told.title, told.text, severity]) {
        assert.ok(message.toLowerCase().includes(part.toLowerCase()), `"${part}" is not in: ${message}`);
      }
    }
    return undefined;
  },
};

const eachCheck: Check = {
  name: 'one message for each event',
  holds: 'Events told one after the other, or at once, arrive each once.',
  async run(harness) {
    await using opened = await open(harness);
    const titles = Array.from({ length: 6 }, (_, n) => `event number ${n}.`);
    const tell = (title: string) => opened.notifier.notify(event({ id: title, title }));
    for (const title of titles.slice(0, 3)) await tell(title);
    await Promise.all(titles.slice(3).map(tell));
    const messages = await opened.inbox.received();
    const counts = titles.map((title) => messages.filter((message) => message.includes(title)).length);
    assert.deepEqual({ counts, all: messages.length }, { counts: titles.map(() => 1), all: titles.length });
    return undefined;
  },
};

const resolvedCheck: Check = {
  name: 'tells that it is over',
  holds: 'The message of an event that is resolved differs from that of the same event before.',
  async run(harness) {
    await using opened = await open(harness);
    await opened.notifier.notify(event());
    await opened.notifier.notify(event({ resolved: true }));
    const [before, after] = await opened.inbox.received();
    assert.ok(after !== undefined, 'no message that it is over');
    assert.notEqual(after, before, 'nobody can tell that it is over');
    return undefined;
  },
};

/** What ends a header, a string, an element, a template or a mail, if it is let. */
const HOSTILE = `it's "all"\\ <b>&amp; {{x}} \${y} é 漢 😀\r\nBcc: all@example.com\r\n\r\n.\r\nQUIT\r\n\u0000\u001b[31m`;

const hostileCheck: Check = {
  name: 'texts stay texts',
  holds: 'Whatever characters stand in the title and text, they arrive as one message, and the next event after it.',
  async run(harness) {
    for (const over of [{ title: HOSTILE }, { text: HOSTILE }, { title: 'x'.repeat(10_000), text: '' }]) {
      await using opened = await open(harness);
      await opened.notifier.notify(event(over));
      await opened.notifier.notify(event({ title: 'the next one' }));
      const messages = await opened.inbox.received();
      assert.equal(messages.length, 2, `${messages.length} messages of two events`);
      assert.ok(messages[1]?.includes('the next one'), 'the event after it');
      const other = Object.values(over).includes(HOSTILE);
      if (other) assert.ok(messages[0]?.includes('é 漢 😀'), `letters were lost: ${messages[0]}`);
    }
    return undefined;
  },
};

const absentCheck: Check = {
  name: 'says when nobody takes it',
  holds: 'Where nobody takes messages, notify (or open) fails with a code and permanent: false; it does not hang.',
  async run(harness) {
    await using place = await harness.absent();
    await using host = await lendHost();
    const failure = await expectFailure('a message to nobody', async () => {
      await using notifier = await harness.plugin.open(place.options, host);
      await notifier.notify(event());
    });
    assert.notEqual(failure.code, '', `an error without a code: ${failure.message}`);
    assert.equal(failure.permanent, false, `${failure.code}: permanent, though somebody may be there tomorrow`);
    return undefined;
  },
};

const abortCheck: Check = {
  name: 'gives up when told',
  holds: 'When the host signals abort, before or during notify, it rejects within a second.',
  async run(harness) {
    await using opened = await open(harness);
    opened.host.abort();
    await withinASecond('aborted before', () => opened.notifier.notify(event()));
    assert.deepEqual(await opened.inbox.received(), [], 'a message after abort');
    if (harness.silent === undefined) return notOffered('a place that never answers');
    await using place = await harness.silent();
    await using host = await lendHost();
    await using notifier = await harness.plugin.open(place.options, host);
    await withinASecond('aborted during', () => {
      const telling = notifier.notify(event());
      setImmediate(() => host.abort());
      return telling;
    });
    return undefined;
  },
};

async function withinASecond(what: string, action: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  await expectFailure(what, action);
  assert.ok(performance.now() - started < 1000, `${what}, it took longer than a second`);
}

const disposeCheck: Check = {
  name: 'disposing',
  holds: 'Disposing works unused, twice, and after a failure.',
  async run(harness) {
    await using unused = await open(harness);
    await unused.notifier[Symbol.asyncDispose]();
    await unused.notifier[Symbol.asyncDispose]();
    await using failed = await open(harness);
    failed.host.abort();
    await expectFailure('an aborted notify', () => failed.notifier.notify(event()));
    await failed.notifier[Symbol.asyncDispose]();
    return undefined;
  },
};

/** The obligations of `Notifier`. */
export const notifierSuite: Suite<NotifierHarness> = {
  name: 'notifier',
  checks: [
    describedCheck,
    quietCheck,
    contentCheck,
    eachCheck,
    resolvedCheck,
    hostileCheck,
    absentCheck,
    abortCheck,
    disposeCheck,
  ],
};
