import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { definePlugin, type Event, fail, type Host, type Notifier, type NotifierPlugin, Type } from 'holdfast/plugin';
import type { Static } from 'typebox';
import type { NotifierHarness } from '../suites/notifier.ts';

const options = Type.Object(
  { inbox: Type.String({ description: 'The name of an inbox in this process.' }) },
  { additionalProperties: false },
);

/** The inboxes of this process, by name; one without a list never says that it took a message. */
const inboxes = new Map<string, string[] | undefined>();

/** Keeps every obligation of a notifier, in memory: what the broken ones differ from in one point each. */
class Memo implements Notifier {
  readonly inbox: string;
  readonly host: Host;
  told = 0;

  constructor(inbox: string, host: Host) {
    this.inbox = inbox;
    this.host = host;
  }

  async notify(event: Event): Promise<void> {
    this.host.signal.throwIfAborted();
    if (!inboxes.has(this.inbox)) this.unavailable();
    const inbox = inboxes.get(this.inbox) ?? (await this.silence());
    this.told++;
    inbox.push(...this.write(event));
  }

  write({ severity, title, text, resolved }: Event): string[] {
    return [`${resolved ? 'resolved' : severity}: ${title}\n${text}`];
  }

  unavailable(): never {
    return fail({ code: 'NOBODY_THERE', message: 'nobody takes messages', origin: 'agent', permanent: false });
  }

  async silence(): Promise<string[]> {
    await once(this.host.signal, 'abort');
    throw this.host.signal.reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

class Farewell extends Memo {
  override async [Symbol.asyncDispose](): Promise<void> {
    if (this.told === 0) inboxes.get(this.inbox)?.push('nothing to tell');
  }
}

class Calm extends Memo {
  override write(event: Event): string[] {
    return super.write({ ...event, severity: 'info' });
  }
}

class Hurried extends Memo {
  #busy = false;
  override async notify(event: Event): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    await new Promise(setImmediate);
    this.#busy = false;
    await super.notify(event);
  }
}

class Forgetful extends Memo {
  override write(event: Event): string[] {
    return super.write({ ...event, resolved: false });
  }
}

class Divided extends Memo {
  override write(event: Event): string[] {
    return super.write(event).flatMap((message) => message.split('\r\n\r\n'));
  }
}

class Hopeless extends Memo {
  override unavailable(): never {
    return fail({ code: 'NOBODY_THERE', message: 'nobody takes messages', origin: 'agent', permanent: true });
  }
}

class Patient extends Memo {
  override async silence(): Promise<string[]> {
    await once(this.host.signal, 'abort');
    return [];
  }
}

class OnceOnly extends Memo {
  #gone = false;
  override async [Symbol.asyncDispose](): Promise<void> {
    if (this.#gone) fail({ code: 'CLOSED', message: 'closed twice', origin: 'agent', permanent: true });
    this.#gone = true;
  }
}

function notifier(Class: typeof Memo): NotifierPlugin {
  return definePlugin({
    kind: 'notifier',
    name: 'memo',
    api: 1,
    version: '1.0.0',
    stability: 'experimental',
    summary: 'Messages in the memory of this process.',
    options,
    open: async ({ inbox }: Static<typeof options>, host: Host) => new Class(inbox, host),
  });
}

/** Makes an inbox of this kind, with the options that open it. */
function place(kind: 'open' | 'absent' | 'silent') {
  const inbox = randomUUID();
  if (kind !== 'absent') inboxes.set(inbox, kind === 'open' ? [] : undefined);
  return {
    options: { inbox },
    received: async () => inboxes.get(inbox) ?? [],
    async [Symbol.asyncDispose]() {
      inboxes.delete(inbox);
    },
  };
}

export function notifierHarness(plugin: NotifierPlugin): NotifierHarness {
  return {
    plugin,
    inbox: async () => place('open'),
    absent: async () => place('absent'),
    silent: async () => place('silent'),
  };
}

export const soundNotifier = notifier(Memo);

export const brokenNotifiers: readonly { readonly breaks: string; readonly plugin: NotifierPlugin }[] = [
  { breaks: 'describes itself', plugin: { ...soundNotifier, summary: '' } },
  { breaks: 'opening tells nobody', plugin: notifier(Farewell) },
  { breaks: 'tells what happened', plugin: notifier(Calm) },
  { breaks: 'one message for each event', plugin: notifier(Hurried) },
  { breaks: 'tells that it is over', plugin: notifier(Forgetful) },
  { breaks: 'texts stay texts', plugin: notifier(Divided) },
  { breaks: 'says when nobody takes it', plugin: notifier(Hopeless) },
  { breaks: 'gives up when told', plugin: notifier(Patient) },
  { breaks: 'disposing', plugin: notifier(OnceOnly) },
];
