import type { Kind, Plugin } from '../contract/index.ts';
import { isSchema, type Schema } from './plugin-options.ts';
import { KINDS, objectionTo } from './registry.ts';
import { checkEntry } from './shape.ts';

/** The contract that this agent speaks: `api` of its plugins. */
export const CONTRACT_VERSION = 1;

/** What a plugin of each kind is asked for; the rest of its methods may be absent. */
const METHODS: Readonly<Record<Kind, readonly string[]>> = {
  source: ['open'],
  target: ['identity', 'open'],
  chunker: ['create'],
  codec: ['create'],
  notifier: ['open'],
  check: ['open'],
};

/** Ids of codecs from outside: FORMAT.md keeps the lower ones for this project, and 255 for nobody. */
const OUTSIDE_IDS = { least: 128, greatest: 254 } as const;

export type ReadPlugin = { readonly plugin: Plugin } | { readonly fault: string; readonly hint?: string };

/**
 * Takes the plugin out of a module from outside, or says what is wrong with it. It may have been written in JavaScript, against
 * another version of the contract, or be no plugin at all, so nothing of its type is believed.
 */
export function readPlugin(module: unknown): ReadPlugin {
  const exported = isSchema(module) ? module['plugin'] : undefined;
  if (!isSchema(exported)) {
    const names = isSchema(module) ? Object.keys(module).join(', ') : '';
    return { fault: `has no export "plugin"${names && `; it exports: ${names}`}`, hint: 'export const plugin = …' };
  }
  const fault = versionFault(exported) ?? fieldFault(exported);
  if (fault !== undefined) return { fault };
  // Each field was looked at above; what methods return is seen when they are called.
  const plugin = exported as unknown as Plugin;
  const objection = objectionTo(plugin) ?? schemaFault(plugin);
  return objection === undefined ? { plugin } : { fault: `exports a ${plugin.kind} that ${objection}` };
}

function versionFault({ api }: Schema): string | undefined {
  if (api === CONTRACT_VERSION) return undefined;
  const written =
    typeof api === 'number' ? `was written for version ${api} of the contract` : 'names no contract: "api"';
  return `${written}; this agent has version ${CONTRACT_VERSION}`;
}

function fieldFault(exported: Schema): string | undefined {
  const { kind, version, id, can } = exported;
  const known = KINDS.find((one) => one === kind);
  if (known === undefined) return `exports a plugin of no known kind: "kind" is one of ${KINDS.join(', ')}`;
  const texts = ['name', 'version', 'summary'].find((field) => typeof exported[field] !== 'string');
  if (texts !== undefined) return `exports a ${known} whose "${texts}" is no text`;
  // It stands in snapshots, for whoever must find it again.
  if (!/^\d+\.\d+\.\d+/.test(String(version))) return `exports a ${known} whose "version" is not like 1.0.0`;
  if (!isSchema(exported['options'])) return `exports a ${known} whose "options" are no schema`;
  const method = METHODS[known].find((name) => typeof exported[name] !== 'function');
  if (method !== undefined) return `exports a ${known} without ${method}()`;
  if (known === 'source' && !Array.isArray(can)) return 'exports a source that does not say what it "can"';
  return known === 'codec' ? idFault(id) : undefined;
}

function idFault(id: unknown): string | undefined {
  const { least, greatest } = OUTSIDE_IDS;
  if (typeof id === 'number' && Number.isInteger(id) && id >= least && id <= greatest) return undefined;
  return `exports a codec with the id ${String(id)}; those from outside take one from ${least} to ${greatest}`;
}

function schemaFault(plugin: Plugin): string | undefined {
  try {
    checkEntry(plugin, {}, []);
    return undefined;
  } catch (error) {
    return `has options that are no JSON Schema: ${error instanceof Error ? error.message : String(error)}`;
  }
}
