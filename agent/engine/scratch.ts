import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning, processIdentity } from '../catalog/process-identity.ts';
import { removeTree } from '../system/index.ts';

/** `run-<process identity>-<six characters of mkdtemp(3)>`; spaces of the identity are underscores. */
const NAME = /^run-(.+)-[^-]{6}$/;

/**
 * Makes a folder of its own below `<stateFolder>/scratch`, and removes those of processes that have ended without removing
 * theirs: what a source put there may be large, and content.
 */
export async function makeScratchFolder(stateFolder: string): Promise<string> {
  const folder = join(stateFolder, 'scratch');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    const owner = NAME.exec(name)?.[1]?.replaceAll('_', ' ');
    if (owner !== undefined && !isRunning(owner)) await removeTree(join(folder, name));
  }
  return mkdtemp(join(folder, `run-${(processIdentity() ?? '').replaceAll(' ', '_')}-`));
}
