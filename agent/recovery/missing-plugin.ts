import type { PluginRegistry } from '../config/registry.ts';
import { type Failure, fail, type Json } from '../contract/index.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';

/** A plugin as a snapshot names it. */
interface NamedPlugin {
  readonly kind: 'source' | 'codec';
  readonly name: string;
  readonly version: string;
  /** The module, as the policy of that time named it; absent for plugins that came with the agent. */
  readonly from?: string;
}

/** Throws PLUGIN_MISSING when the source plugin that made a snapshot is not here. One that names none is let pass. */
export function requireSource(snapshot: StoredSnapshot, registry: PluginRegistry): void {
  const source = namedIn(snapshot, 'source', 'source');
  if (source === undefined || registry.get('source', source.name) !== undefined) return;
  const message = `snapshot ${snapshot.id} was made by ${wordsFor(source)}, which is not here`;
  fail(missing('PLUGIN_MISSING', message, source));
}

/** What frames fail with that need a codec which is not here, by its id, as far as any of these snapshots names it. */
export function absentCodecs(snapshots: readonly StoredSnapshot[], registry: PluginRegistry): Record<number, Failure> {
  const here = new Set(registry.names('codec').map((name) => registry.get('codec', name)?.id));
  const absent: Record<number, Failure> = {};
  for (const snapshot of snapshots) {
    const codec = namedIn(snapshot, 'compress', 'codec');
    const id = fieldsOf(fieldsOf(snapshot.opened.header.pipeline)['compress'])['id'];
    if (codec === undefined || typeof id !== 'number' || here.has(id)) continue;
    // The newest that names it says best where it can be had.
    absent[id] = missing('CODEC_UNKNOWN', `${wordsFor(codec)} is not here`, codec);
  }
  return absent;
}

function namedIn(snapshot: StoredSnapshot, stage: string, kind: NamedPlugin['kind']): NamedPlugin | undefined {
  const { type, version, from } = fieldsOf(fieldsOf(snapshot.opened.header.pipeline)[stage]);
  if (typeof type !== 'string' || typeof version !== 'string') return undefined;
  return { kind, name: type, version, ...(typeof from === 'string' ? { from } : {}) };
}

function wordsFor({ kind, name, version, from }: NamedPlugin): string {
  return `${kind} plugin "${name}" ${version}${from === undefined ? '' : ` (${from})`}`;
}

function missing(code: string, message: string, { version, from }: NamedPlugin): Failure {
  const isPackage = from !== undefined && !/^(\.\.?)?\//.test(from);
  const got = isPackage
    ? `npm install ${packageOf(from)}@${version} beside the policy, and name ${from} under "plugins" there`
    : `bring back ${from ?? 'its module'} and name it under "plugins" in the policy`;
  const hint = `${got}; what was made without it can be read meanwhile`;
  return { code, message, origin: 'policy', permanent: true, hint };
}

/** `@scope/name/codec` → `@scope/name`. */
function packageOf(module: string): string {
  return module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/');
}

// Any agent may have written it: nothing of its form is believed.
function fieldsOf(value: Json | undefined): { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as { [key: string]: Json }) : {};
}
