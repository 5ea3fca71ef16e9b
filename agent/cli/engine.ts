import { hostname } from 'node:os';
import { Catalog } from '../catalog/catalog.ts';
import type { PluginRegistry } from '../config/registry.ts';
import type { Logger } from '../contract/index.ts';
import type { Engine } from '../engine/opening.ts';
import { readSecret } from '../security/secret.ts';
import { openTelemetry } from '../telemetry/telemetry.ts';
import type { Invocation } from './invocation.ts';
import type { Terminal } from './output/terminal.ts';
import { makeStateFolder } from './state.ts';

/** What a verb needs to open targets and sources, to run and to restore. The catalog is opened when it is first asked for. */
export async function openEngine(invocation: Invocation, registry: PluginRegistry): Promise<Engine & AsyncDisposable> {
  const { terminal, stateFolder, env, version, now } = invocation;
  await makeStateFolder(stateFolder);
  const hostName = hostname();
  const telemetry = await openTelemetry({
    env,
    version,
    host: hostName,
    warn: (message) => terminal.warn(message),
    debug: (message) => terminal.detail(message),
  });
  let catalog: Catalog | undefined;
  return {
    registry,
    stateFolder,
    telemetry,
    log: logTo(terminal),
    version,
    hostName,
    now,
    readSecret: (reference, signal) => readSecret(reference, { env, signal }),
    get catalog() {
      catalog ??= Catalog.open(stateFolder, (message) => terminal.warn(message), now);
      return catalog;
    },
    async [Symbol.asyncDispose]() {
      catalog?.[Symbol.dispose]();
      await telemetry[Symbol.asyncDispose]();
    },
  };
}

function logTo(terminal: Terminal): Logger {
  const shown = (message: string, fields: unknown) =>
    fields === undefined ? message : `${message} ${JSON.stringify(fields)}`;
  return {
    debug: (message, fields) => terminal.detail(shown(message, fields)),
    info: (message, fields) => terminal.detail(shown(message, fields)),
    warn: (message, fields) => terminal.warn(shown(message, fields)),
  };
}
