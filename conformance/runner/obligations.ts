import { fail, type Json, type Kind, type Plugin } from 'holdfast/plugin';
import type { ConformanceCheck, Suite } from '../kit/suite.ts';
import { checkSuite } from '../suites/check.ts';
import { chunkerSuite } from '../suites/chunker.ts';
import { codecSuite } from '../suites/codec.ts';
import { notifierSuite } from '../suites/notifier.ts';
import { sourceSuite } from '../suites/source.ts';
import { targetSuite } from '../suites/target.ts';
import type { PluginModule } from './plugin-module.ts';

/** A check with its harness in place: nothing is left to be known. */
export type Obligation = ConformanceCheck<undefined>;

/** What a harness of each kind must have, and what of it may be taken from elsewhere when its author left it out. */
const NEEDED: Readonly<Record<Kind, readonly string[]>> = {
  source: ['system', 'place', 'absent'],
  target: ['place', 'absent'],
  chunker: ['options', 'contentDefined'],
  codec: ['options', 'detectsDamage'],
  notifier: ['inbox', 'absent'],
  check: ['system', 'absent'],
};

/** Binds the suite of the plugin's kind to its harness, or fails with HARNESS_INVALID and says what the harness lacks. */
export function obligationsOf(module: PluginModule): readonly Obligation[] {
  switch (module.plugin.kind) {
    case 'source':
      return bound(sourceSuite, module);
    case 'target':
      return bound(targetSuite, module);
    case 'chunker':
      return bound(chunkerSuite, module);
    case 'codec':
      return bound(codecSuite, module);
    case 'notifier':
      return bound(notifierSuite, module);
    case 'check':
      return bound(checkSuite, module);
  }
}

function bound<H>({ checks }: Suite<H>, { plugin, url, harness: given }: PluginModule): readonly Obligation[] {
  const own = typeof given === 'object' && given !== null ? given : {};
  const harness: Record<string, unknown> = { plugin, module: url, ...suppositions(plugin), ...own };
  const lacking = NEEDED[plugin.kind].filter((field) => harness[field] === undefined);
  if (lacking.length > 0) refuse(plugin, lacking);
  // Its fields were looked for above; what they return is what the suite is there to find out.
  return checks.map(({ name, holds, run }) => ({ name, holds, run: () => run(harness as H) }));
}

/** Stages need no system to be tried on: without a harness, default options and the stricter obligations are supposed. */
function suppositions(plugin: Plugin): Readonly<Record<string, unknown>> {
  if (plugin.kind !== 'codec' && plugin.kind !== 'chunker') return {};
  const options = defaultsOf(plugin);
  const stricter = plugin.kind === 'codec' ? { detectsDamage: true } : { contentDefined: true };
  return options === undefined ? stricter : { options, ...stricter };
}

/** Undefined when an option must be given. */
function defaultsOf({ options }: Plugin): Json | undefined {
  const {
    properties = {},
    required = [],
  }: { properties?: Record<string, { default?: Json }>; required?: readonly string[] } = options;
  const defaults = Object.entries(properties).flatMap(([name, schema]) =>
    schema.default === undefined ? [] : [[name, schema.default] as const],
  );
  const missing = required.some((name) => properties[name]?.default === undefined);
  return missing ? undefined : Object.fromEntries(defaults);
}

function refuse({ kind, name }: Plugin, lacking: readonly string[]): never {
  const type = `${kind[0]?.toUpperCase()}${kind.slice(1)}Harness`;
  return fail({
    code: 'HARNESS_INVALID',
    message: `the ${kind} "${name}" cannot be tried without a harness that has: ${lacking.join(', ')}`,
    origin: 'agent',
    permanent: true,
    hint: `beside the module, in conformance.ts: export const harness: ${type} = { … }`,
  });
}
