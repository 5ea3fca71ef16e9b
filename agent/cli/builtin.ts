import { plugin as fastcdc } from '../../plugins/chunkers/fastcdc/index.ts';
import { plugin as fixed } from '../../plugins/chunkers/fixed/index.ts';
import { plugin as gzip } from '../../plugins/codecs/gzip/index.ts';
import { plugin as none } from '../../plugins/codecs/none/index.ts';
import { plugin as zstd } from '../../plugins/codecs/zstd/index.ts';
import { plugin as files } from '../../plugins/sources/files/index.ts';
import { plugin as postgres } from '../../plugins/sources/postgres/index.ts';
import { plugin as local } from '../../plugins/targets/local/index.ts';
import { PluginRegistry, type Registered } from '../config/registry.ts';
import type { Plugin } from '../contract/index.ts';

/** Every plugin that comes with the agent, by its folder below plugins/: the one place where the agent names them. */
const builtin: Readonly<Record<string, Plugin>> = {
  'chunkers/fastcdc': fastcdc,
  'chunkers/fixed': fixed,
  'codecs/gzip': gzip,
  'codecs/none': none,
  'codecs/zstd': zstd,
  'sources/files': files,
  'sources/postgres': postgres,
  'targets/local': local,
};

// Workers import stages by URL: beside this file as it runs, source or built.
const SUFFIX = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/** All of them, and `extra` ones that exist for one command line only. */
export function builtinPlugins(...extra: Registered[]): PluginRegistry {
  const entries = Object.entries(builtin).map(([folder, plugin]) => ({
    plugin,
    module: new URL(`../../plugins/${folder}/index.${SUFFIX}`, import.meta.url).href,
  }));
  return new PluginRegistry([...entries, ...extra]);
}
