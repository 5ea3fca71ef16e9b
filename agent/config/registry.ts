import { fail, type Kind, type Plugin, type PluginOf } from '../contract/index.ts';

export interface Registered {
  readonly plugin: Plugin;
  /** URL of the module whose export `plugin` it is: workers import it by themselves. */
  readonly module: string;
  /** What a policy names the module by, when it is from outside: it stands in snapshots, for whoever must find it again. */
  readonly from?: string;
}

export const KINDS: readonly Kind[] = ['source', 'target', 'chunker', 'codec', 'notifier', 'check'];

/** Fields beside a plugin's own options, so that no option may have their names. */
const RESERVED = ['type', 'algorithm', 'objectives'];

/** The plugins a policy may name. Holds data only: building it opens nothing. */
export class PluginRegistry {
  readonly #entries = new Map<string, Registered>();

  constructor(entries: readonly Registered[]) {
    for (const entry of entries) this.#add(entry);
  }

  get<K extends Kind>(kind: K, name: string): PluginOf<K> | undefined {
    const plugin = this.#entries.get(`${kind} ${name}`)?.plugin;
    return plugin !== undefined && isOf(plugin, kind) ? plugin : undefined;
  }

  module(kind: Kind, name: string): string {
    const entry = this.#entries.get(`${kind} ${name}`);
    return entry?.module ?? refuse(`There is no ${kind} plugin named ${name}.`);
  }

  /** What a policy names its module by; undefined for one that is built in. */
  from(kind: Kind, name: string): string | undefined {
    return this.#entries.get(`${kind} ${name}`)?.from;
  }

  names(kind: Kind): string[] {
    return [...this.#entries.values()].flatMap(({ plugin }) => (plugin.kind === kind ? [plugin.name] : [])).sort();
  }

  /** These plugins and others. Throws PLUGIN_INVALID as the constructor does. */
  with(...others: readonly Registered[]): PluginRegistry {
    return new PluginRegistry([...this.#entries.values(), ...others]);
  }

  #add(entry: Registered): void {
    const { kind, name } = entry.plugin;
    const key = `${kind} ${name}`;
    if (this.#entries.has(key)) refuse(`There are two ${kind} plugins named ${name}.`);
    const objection = objectionTo(entry.plugin);
    if (objection !== undefined) refuse(`The ${kind} plugin ${JSON.stringify(name)} ${objection}.`);
    this.#entries.set(key, entry);
  }
}

/** Why a policy could not name this plugin or its options, if there is a reason; goes on from its name. */
export function objectionTo({ name, options }: Plugin): string | undefined {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) return 'must have a name of a-z, 0-9 and "-"';
  const fields: unknown = Object.getOwnPropertyDescriptor(options, 'properties')?.value;
  if (typeof fields !== 'object' || fields === null) return 'must have options that are an object';
  const taken = Object.keys(fields).find((field) => RESERVED.includes(field));
  return taken === undefined ? undefined : `has an option "${taken}", which is the agent's`;
}

function isOf<K extends Kind>(plugin: Plugin, kind: K): plugin is PluginOf<K> {
  return plugin.kind === kind;
}

function refuse(message: string): never {
  fail({ code: 'PLUGIN_INVALID', message, origin: 'agent', permanent: true });
}
