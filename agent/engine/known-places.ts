import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PluginSpec } from '../config/policy.ts';
import { failureOf } from '../contract/index.ts';
import { makeDurableFolder, syncFolder } from '../system/durable-folder.ts';
import { type Engine, pluginOf } from './opening.ts';

/*
 * Where this host has seen its repository: an empty file system cannot say whether it is new, or the mount point of a disk that is
 * away. One file each in the state folder, so that who lost a place for good can make the host forget that one alone.
 */

const FOLDER = 'places';

/** The file that says that this host has seen `repository` (32 hex) at the place of a target; undefined when it has not. */
export function knownPlace(engine: Engine, spec: PluginSpec, repository: string): string | undefined {
  const file = fileOf(engine, placeOf(engine, spec), repository);
  return existsSync(file) ? file : undefined;
}

/** Takes note of it. Never fails: where it cannot be noted, a place is only guarded less. */
export async function rememberPlace(engine: Engine, spec: PluginSpec, repository: string): Promise<void> {
  const place = placeOf(engine, spec);
  const file = fileOf(engine, place, repository);
  if (existsSync(file)) return;
  try {
    await makeDurableFolder(join(engine.stateFolder, FOLDER), 0o700);
    // That it is there is what counts; what is in it is for people.
    const text = `${JSON.stringify({ target: spec.name, place, repository })}\n`;
    await writeFile(file, text, { flag: 'wx', mode: 0o600, flush: true });
    await syncFolder(dirname(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    const { message } = failureOf(error, { code: 'STATE_DENIED', origin: 'agent' });
    engine.log.warn(`that target ${spec.name} holds this repository could not be noted: ${message}`);
  }
}

function placeOf({ registry }: Engine, spec: PluginSpec): string {
  return pluginOf(registry, 'target', spec).identity(spec.options);
}

function fileOf({ stateFolder }: Engine, place: string, repository: string): string {
  const name = createHash('sha256').update(`${repository} ${place}`).digest('hex').slice(0, 32);
  return join(stateFolder, FOLDER, name);
}
