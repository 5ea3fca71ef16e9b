/**
 * Writes the vectors beside it: `node --conditions=source --import tsx <this file>`. agent/repository/vectors.test.ts and agent/recovery/vectors.test.ts read them, and
 * see that they are what this file makes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { approvalVectors } from './approval-vectors.ts';
import { epochVectors } from './epoch-vectors.ts';
import { frameVectors } from './frame-vectors.ts';
import { indexVectors } from './index-vectors.ts';
import { markerVectors, writerVectors } from './object-vectors.ts';
import { keepOpenPgp } from './openpgp.ts';
import { packVectors } from './pack-vectors.ts';
import { pageVectors } from './page-vectors.ts';
import { markVectors, removalVectors, sessionVectors } from './pruning-vectors.ts';
import { headerVectors, recordVectors } from './record-vectors.ts';
import { referenceVectors } from './reference-vectors.ts';
import { repositoryVectors } from './repository-vectors.ts';
import { birthVectors, sealedRecordVectors } from './sealed-vectors.ts';
import { snapshotVectors } from './snapshot-vectors.ts';
import { tableVectors, trailerVectors } from './table-vectors.ts';
import { type Vector, type VectorFile, written } from './vector.ts';
import { voidVectors } from './void-vectors.ts';

/** Every file of vectors of one object, by its name in this folder. */
export async function objectVectors(): Promise<Readonly<Record<string, VectorFile<Vector>>>> {
  return {
    'headers.json': headerVectors(),
    'records.json': recordVectors(),
    'markers.json': markerVectors(),
    'writers.json': await writerVectors(),
    'approvals.json': await approvalVectors(),
    'epochs.json': await epochVectors(),
    'births.json': await birthVectors(),
    'sealed-records.json': await sealedRecordVectors(),
    'frames.json': await frameVectors(),
    'tables.json': await tableVectors(),
    'trailers.json': trailerVectors(),
    'packs.json': await packVectors(),
    'indexes.json': await indexVectors(),
    'references.json': referenceVectors(),
    'snapshots.json': await snapshotVectors(),
    'pages.json': pageVectors(),
    'removals.json': removalVectors(),
    'sessions.json': sessionVectors(),
    'marks.json': markVectors(),
    'voids.json': voidVectors(),
  };
}

export function readVectorFile(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, file] of Object.entries(await objectVectors())) {
    writeFileSync(new URL(name, import.meta.url), written(file));
  }
  writeFileSync(new URL('repositories.json', import.meta.url), written(await repositoryVectors()));
  keepOpenPgp();
}
