/**
 * Writes the vectors beside it: `node --conditions=source --import tsx conformance/vectors/repository/generate.ts`, then `biome check --write`.
 * agent/repository/vectors.test.ts reads them, and sees that they are what this file makes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { indexVectors } from './index-vectors.ts';
import { packVectors } from './pack-vectors.ts';
import { pageVectors } from './page-vectors.ts';
import { headerVectors, recordVectors } from './record-vectors.ts';
import { snapshotVectors } from './snapshot-vectors.ts';
import type { VectorFile } from './vector.ts';

/** Every file of vectors, by its name in this folder. */
export async function vectorFiles(): Promise<Readonly<Record<string, VectorFile>>> {
  return {
    'headers.json': headerVectors(),
    'records.json': recordVectors(),
    'packs.json': await packVectors(),
    'indexes.json': await indexVectors(),
    'pages.json': pageVectors(),
    'snapshots.json': await snapshotVectors(),
  };
}

export function readVectorFile(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, file] of Object.entries(await vectorFiles())) {
    writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(file, null, 2)}\n`);
  }
}
