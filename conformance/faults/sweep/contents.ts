import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { looksUnfinished } from 'holdfast/plugin';
import { sha256 } from '../../kit/samples.ts';

/** Contents of files by path, as SHA-256. */
export type Contents = ReadonlyMap<string, string>;

/** Files below a folder, but for what is not finished: what an interrupted put or restore leaves under a name of its own. */
export function contentsOf(folder: string): Contents {
  const files = new Map<string, string>();
  if (!existsSync(folder)) return files;
  for (const path of (readdirSync(folder, { recursive: true }) as string[]).sort()) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (looksUnfinished(name) || path.startsWith('tmp/~')) continue;
    const stat = lstatSync(join(folder, path));
    if (stat.isFile()) files.set(path, sha256(readFileSync(join(folder, path))));
    else assert.ok(stat.isDirectory(), path);
  }
  return files;
}
