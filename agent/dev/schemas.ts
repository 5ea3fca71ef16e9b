/**
 * `node --conditions=source agent/dev/schemas.ts [--check]`: writes schemas/ from the declarations in code. With --check it
 * writes nothing, and ends with 1 when what is there differs.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtinPlugins } from '../cli/builtin.ts';
import { publishedSchemas } from '../config/published.ts';

const folder = fileURLToPath(new URL('../../schemas/', import.meta.url));

/** The files of schemas/ as they should be, by path below it. */
export function schemaFiles(): Map<string, string> {
  const schemas = publishedSchemas(builtinPlugins());
  return new Map([...schemas].map(([name, schema]) => [name, `${JSON.stringify(schema, null, 2)}\n`]));
}

/** The paths below `root` where it is not as it should be: other text, missing, or left over. */
export async function staleSchemas(root: string): Promise<string[]> {
  const wanted = schemaFiles();
  const present = await readdir(root, { recursive: true }).catch((): string[] => []);
  const names = new Set([...wanted.keys(), ...present.filter((name) => name.endsWith('.json'))]);
  const stale: string[] = [];
  for (const name of names) {
    const text = await readFile(path.join(root, name), 'utf8').catch(() => undefined);
    if (text !== wanted.get(name)) stale.push(name);
  }
  return stale.sort();
}

export async function writeSchemas(root: string): Promise<void> {
  const wanted = schemaFiles();
  for (const name of await staleSchemas(root)) {
    const text = wanted.get(name);
    const file = path.join(root, name);
    if (text === undefined) {
      await rm(file);
      continue;
    }
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const stale = await staleSchemas(folder);
  if (!process.argv.includes('--check')) await writeSchemas(folder);
  else if (stale.length > 0) {
    process.stderr.write(`schemas/ is not what the code declares: ${stale.join(', ')}\n`);
    process.stderr.write('Write it anew: node --conditions=source agent/dev/schemas.ts\n');
    process.exitCode = 1;
  }
}
