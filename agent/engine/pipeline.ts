import { defaultOptions } from '../config/default-options.ts';
import type { Job, Limits } from '../config/policy.ts';
import type { PluginRegistry } from '../config/registry.ts';
import type { Chunker, Json, Plugin } from '../contract/index.ts';
import type { StageModule } from '../workers/messages.ts';
import { sparesFor } from '../workers/spare-buffers.ts';
import { pluginOf } from './opening.ts';

const MiB = 1024 * 1024;
const LARGEST_PACK = 32 * MiB;
const SMALLEST_PACK = 8 * MiB;
/** Gathered small chunks of content and of pages, and the table. */
const BESIDE_A_CHUNK = 4 * MiB;

/** The stages of a run: as modules for the workers, as chunkers for streams, and in words for the snapshot. */
export interface RunPipeline {
  readonly chunkerModule: StageModule;
  readonly codecModule: StageModule;
  readonly chunkers: Readonly<Record<'cdc' | 'fixed', Chunker>>;
  /** The chunker and its parameters: what a cached chunk list is valid for. */
  readonly chunkerId: string;
  /** What the snapshot says of how it was made. */
  readonly description: Json;
}

const PAGE_ALIGNED = { name: 'fixed', type: 'fixed' };

export function pipelineOf(
  registry: PluginRegistry,
  { source, pipeline }: Pick<Job, 'source' | 'pipeline'>,
  chunkerKey: Uint8Array,
): RunPipeline {
  const chunk = { name: pipeline.name, ...pipeline.chunk };
  const chunker = pluginOf(registry, 'chunker', chunk);
  const codec = pluginOf(registry, 'codec', { name: pipeline.name, ...pipeline.compress });
  const fixed = pluginOf(registry, 'chunker', PAGE_ALIGNED);
  const chunkInWords = { type: chunker.name, version: chunker.version, options: pipeline.chunk.options };
  const inWords = (plugin: Plugin) => {
    const from = registry.from(plugin.kind, plugin.name);
    return { type: plugin.name, version: plugin.version, ...(from === undefined ? {} : { from }) };
  };
  return {
    chunkerModule: { module: registry.module('chunker', chunker.name), options: pipeline.chunk.options },
    codecModule: { module: registry.module('codec', codec.name), options: pipeline.compress.options },
    chunkers: {
      cdc: chunker.create(pipeline.chunk.options, chunkerKey),
      fixed: fixed.create(defaultOptions(fixed), chunkerKey),
    },
    chunkerId: JSON.stringify(chunkInWords),
    description: {
      source: inWords(pluginOf(registry, 'source', source)),
      chunk: { ...inWords(chunker), options: pipeline.chunk.options },
      compress: { ...inWords(codec), id: codec.id, options: pipeline.compress.options },
      encrypt: pipeline.encrypt,
      checksum: pipeline.checksum,
    },
  };
}

/** A fifth of the memory for buffers goes to packs, filling and on their way; the rest to windows, frames, segments and what zlib leaves. */
export function packBytesFor(limits: Limits, { cdc, fixed }: RunPipeline['chunkers']): number {
  const each = Math.floor(limits.memoryBytes / 5 / (limits.workers + sparesFor(limits.workers)));
  // A chunk is never divided between packs, so the longest must fit beside what else is gathered.
  const least = Math.max(SMALLEST_PACK, Math.max(cdc.maxBytes, fixed.maxBytes) + BESIDE_A_CHUNK);
  return Math.max(least, Math.min(LARGEST_PACK, each));
}
