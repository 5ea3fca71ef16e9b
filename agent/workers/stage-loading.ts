import { lendModules } from '../config/lent-modules.ts';
import type { Chunker, Codec, Plugin } from '../contract/index.ts';
import { fail } from '../contract/index.ts';
import type { StageModule } from './messages.ts';

/** Makes a chunker from its module, in this thread. */
export async function loadChunker(stage: StageModule, key: Uint8Array): Promise<Chunker> {
  const plugin = await pluginOf(stage.module);
  if (plugin.kind !== 'chunker') return wrongKind(stage.module, 'chunker');
  return plugin.create(stage.options, key);
}

/** Makes a codec from its module, in this thread, with the id that stands in the frames. */
export async function loadCodec(stage: StageModule): Promise<{ codec: Codec; id: number }> {
  const plugin = await pluginOf(stage.module);
  if (plugin.kind !== 'codec') return wrongKind(stage.module, 'codec');
  return { codec: plugin.create(stage.options), id: plugin.id };
}

async function pluginOf(module: string): Promise<Plugin> {
  lendModules();
  const { plugin } = (await import(module)) as { plugin: Plugin };
  return plugin;
}

function wrongKind(module: string, kind: string): never {
  return fail({
    code: 'PLUGIN_KIND',
    message: `${module} does not export a ${kind}`,
    origin: 'policy',
    permanent: true,
  });
}
