import type { Catalog } from '../catalog/catalog.ts';
import type { PluginSpec } from '../config/policy.ts';
import type { PluginRegistry } from '../config/registry.ts';
import {
  fail,
  failureOf,
  type Host,
  type Kind,
  type Logger,
  type PluginOf,
  type SecretReference,
  type Source,
  type Span,
} from '../contract/index.ts';
import { type NamedTarget, onTarget, Store } from '../repository/store.ts';
import { removeTree } from '../system/index.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { makeScratchFolder } from './scratch.ts';

/** What every run of this process shares. */
export interface Engine {
  readonly registry: PluginRegistry;
  readonly stateFolder: string;
  readonly catalog: Catalog;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** The agent's version, as it stands in snapshots. */
  readonly version: string;
  /** The name of this host, as it stands in snapshots and traces. */
  readonly hostName: string;
  now(): Date;
  /** Follows a reference of the policy to its secret. */
  readSecret(reference: SecretReference, signal: AbortSignal): Promise<string>;
}

export interface Loan {
  readonly engine: Engine;
  readonly span: Span;
  readonly signal: AbortSignal;
}

/** Something opened from a plugin, with the scratch folder it was lent; disposing closes the one and removes the other. */
interface Opened<T> {
  readonly instance: T;
  close(): Promise<void>;
}

/** The targets of a run, opened, as one store. */
export async function openStore(specs: readonly PluginSpec[], loan: Loan): Promise<Store & AsyncDisposable> {
  const opened: Opened<unknown>[] = [];
  const close = async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  };
  try {
    const targets: NamedTarget[] = [];
    eachOnePlace(specs, loan.engine.registry);
    for (const spec of specs) {
      const plugin = pluginOf(loan.engine.registry, 'target', spec);
      const open = (host: Host) =>
        plugin.open(spec.options, host).catch((error) => fail(onTarget(spec.name, error), error));
      const one = await lend(loan, open);
      opened.push(one);
      targets.push({ name: spec.name, target: one.instance });
    }
    return Object.assign(new Store(targets), { [Symbol.asyncDispose]: close });
  } catch (error) {
    await close();
    throw error;
  }
}

export async function openSource(spec: PluginSpec, loan: Loan): Promise<{ source: Source } & AsyncDisposable> {
  const plugin = pluginOf(loan.engine.registry, 'source', spec);
  const { instance, close } = await lend(loan, (host) => plugin.open(spec.options, host));
  return { source: instance, [Symbol.asyncDispose]: close };
}

/** The plugin that a part of a policy names. `validate` finds a wrong name first; this is for policies made in code. */
export function pluginOf<K extends Kind>(
  registry: PluginRegistry,
  kind: K,
  spec: { name: string; type: string },
): PluginOf<K> {
  return (
    registry.get(kind, spec.type) ??
    fail({
      code: 'PLUGIN_UNKNOWN',
      message: `${spec.name} is of type ${spec.type}, and there is no such ${kind} plugin`,
      origin: 'policy',
      permanent: true,
      hint: `there are: ${registry.names(kind).join(', ')}`,
    })
  );
}

async function lend<T extends AsyncDisposable>(loan: Loan, open: (host: Host) => Promise<T>): Promise<Opened<T>> {
  const { engine, span, signal } = loan;
  const scratchDir = await makeScratchFolder(engine.stateFolder);
  const clear = () => removeTree(scratchDir);
  try {
    const log = engine.telemetry.logger(engine.log, span);
    const instance = await open(hostFor(engine, { log, span, signal, scratchDir }));
    return {
      instance,
      async close() {
        // What was awaited before is what counts: a backup that is stored does not fail because of a goodbye.
        try {
          await instance[Symbol.asyncDispose]();
        } catch (error) {
          log.warn(`closing failed: ${failureOf(error, { code: 'CLOSE_FAILED', origin: 'agent' }).message}`);
        }
        await clear();
      },
    };
  } catch (error) {
    await clear();
    throw error;
  }
}

/** What the agent lends to a plugin. */
export function hostFor(
  engine: Pick<Engine, 'now' | 'readSecret'>,
  own: Pick<Host, 'log' | 'span' | 'signal' | 'scratchDir'>,
): Host {
  return {
    ...own,
    now: () => engine.now(),
    secret: (reference) => engine.readSecret(reference, own.signal),
  };
}

/** `TARGETS_SAME`: two of them are one place. */
export function eachOnePlace(specs: readonly PluginSpec[], registry: PluginRegistry): void {
  const places = new Map<string, string>();
  for (const spec of specs) onePlaceEach(places, pluginOf(registry, 'target', spec).identity(spec.options), spec.name);
}

function onePlaceEach(places: Map<string, string>, identity: string, name: string): void {
  const other = places.get(identity);
  if (other !== undefined) {
    fail({
      code: 'TARGETS_SAME',
      message: `targets ${other} and ${name} are one place (${identity}): that is one copy, not two`,
      origin: 'policy',
      permanent: true,
    });
  }
  places.set(identity, name);
}
