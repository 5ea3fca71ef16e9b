import { execFileSync, spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Why a test that preloads something into processes cannot run here; false when it can. */
export const withoutCompiler: string | false =
  spawnSync('cc', ['--version']).error === undefined ? false : 'needs a C compiler, cc';

/** Compiles what is preloaded into a process (LD_PRELOAD) into a folder; gives its path. */
export function compileLibrary(source: URL, folder: string): string {
  const path = fileURLToPath(source);
  const library = join(folder, `${basename(path, '.c')}.so`);
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', '-o', library, path, '-ldl']);
  return library;
}
