import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  type Check,
  type CheckPlugin,
  definePlugin,
  type Failure,
  type Finding,
  fail,
  type Host,
  Type,
} from 'holdfast/plugin';
import type { Static } from 'typebox';
import type { CheckHarness } from '../suites/check.ts';

const options = Type.Object(
  { lamp: Type.String({ description: 'The name of a lamp in this process.' }) },
  { additionalProperties: false },
);

interface Lamp {
  lit: boolean | undefined;
  looks: number;
}

/** The lamps of this process, by name; one that is neither lit nor out never shows itself. */
const lamps = new Map<string, Lamp>();

/** Asks whether a lamp is lit, and keeps every obligation of a check: what the broken ones differ from in one point each. */
class LampCheck implements Check {
  readonly lamp: string;
  readonly host: Host;

  constructor(lamp: string, host: Host) {
    this.lamp = lamp;
    this.host = host;
  }

  async check(): Promise<Finding> {
    this.host.signal.throwIfAborted();
    const lamp = lamps.get(this.lamp);
    if (lamp === undefined) return this.absent();
    if (lamp.lit === undefined) return this.silence();
    return lamp.lit ? this.lit(lamp) : this.out();
  }

  lit(_lamp: Lamp): Finding {
    return { what: 'the lamp', facts: { lit: true } };
  }

  out(): Finding {
    return { what: 'the lamp', failure: failure('LAMP_OUT', 'the lamp is out') };
  }

  absent(): Finding {
    return { what: 'the lamp', failure: failure('LAMP_MISSING', 'there is no lamp') };
  }

  async silence(): Promise<Finding> {
    await once(this.host.signal, 'abort');
    throw this.host.signal.reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function failure(code: string, message: string): Failure {
  return { code, message, origin: 'source', permanent: false };
}

class Nameless extends LampCheck {
  override async check(): Promise<Finding> {
    return { ...(await super.check()), what: '' };
  }
}

class Wordless extends LampCheck {
  override out(): Finding {
    return { what: 'the lamp', failure: failure('', 'the lamp is out') };
  }
}

class Remembering extends LampCheck {
  #first: Finding | undefined;
  override async check(): Promise<Finding> {
    this.#first ??= await super.check();
    return this.#first;
  }
}

class Throwing extends LampCheck {
  override absent(): Finding {
    return fail(failure('LAMP_MISSING', 'there is no lamp'));
  }
}

class Dated extends LampCheck {
  override lit(): Finding {
    const at: unknown = new Date(0);
    return { what: 'the lamp', facts: at as null };
  }
}

class Heavy extends LampCheck {
  override lit(lamp: Lamp): Finding {
    lamp.looks++;
    return super.lit(lamp);
  }
}

class Patient extends LampCheck {
  override async silence(): Promise<Finding> {
    await once(this.host.signal, 'abort');
    return this.out();
  }
}

class OnceOnly extends LampCheck {
  #gone = false;
  override async [Symbol.asyncDispose](): Promise<void> {
    if (this.#gone) fail(failure('CLOSED', 'closed twice'));
    this.#gone = true;
  }
}

function check(Class: typeof LampCheck): CheckPlugin {
  return definePlugin({
    kind: 'check',
    name: 'lamp',
    api: 1,
    version: '1.0.0',
    stability: 'experimental',
    summary: 'Whether a lamp in this process is lit.',
    options,
    open: async ({ lamp }: Static<typeof options>, host: Host) => new Class(lamp, host),
  });
}

/** Makes a lamp like this, with the options that open it. */
function place(lit: boolean | undefined) {
  const name = randomUUID();
  const lamp: Lamp = { lit, looks: 0 };
  lamps.set(name, lamp);
  return {
    options: { lamp: name },
    async spoil() {
      lamp.lit = false;
    },
    async mend() {
      lamp.lit = true;
    },
    state: async () => ({ lit: lamp.lit ?? null, looks: lamp.looks }),
    async [Symbol.asyncDispose]() {
      lamps.delete(name);
    },
  };
}

export function checkHarness(plugin: CheckPlugin): CheckHarness {
  const gone = { options: { lamp: 'none' }, async [Symbol.asyncDispose]() {} };
  return { plugin, system: async () => place(true), absent: async () => gone, silent: async () => place(undefined) };
}

export const soundCheck = check(LampCheck);

export const brokenChecks: readonly { readonly breaks: string; readonly plugin: CheckPlugin }[] = [
  { breaks: 'describes itself', plugin: { ...soundCheck, summary: '' } },
  { breaks: 'finds nothing in what holds', plugin: check(Nameless) },
  { breaks: 'finds what does not hold', plugin: check(Wordless) },
  { breaks: 'asks anew each time', plugin: check(Remembering) },
  { breaks: 'a system that is not there is a finding', plugin: check(Throwing) },
  { breaks: 'a finding is plain data', plugin: check(Dated) },
  { breaks: 'changes nothing', plugin: check(Heavy) },
  { breaks: 'gives up when told', plugin: check(Patient) },
  { breaks: 'disposing', plugin: check(OnceOnly) },
];
