import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** How this project is called: the words after `node`. */
export type Program = readonly string[];

/** As the package has it, which `npm run build` makes; or from its sources, whose types have to be taken off at every start. */
export function programOf(packaged: boolean): Program {
  const bin = 'agent/cli/bin.js';
  return packaged ? [join(root, 'dist', bin)] : ['--conditions=source', join(root, bin)];
}
