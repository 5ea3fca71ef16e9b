import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CANARY } from '../../../agent/engine/repository.fixture.ts';
import { noise } from '../../kit/samples.ts';

/** Files by path. */
export type Content = Readonly<Record<string, Uint8Array>>;

/** What the source holds for its n-th snapshot, counted from 1; what comes after the last of them is what it holds when it is swept. */
export interface Growth {
  readonly snapshots: number;
  content(n: number): Content;
}

/** Each snapshot holds one file more than the one before, and one that changed. */
export const GROWING: Growth = {
  snapshots: 2,
  content: (n) => ({
    ...Object.fromEntries(Array.from({ length: n }, (_, i) => [`folder/file ${i + 1}`, noise(i + 1, 2500 * (i + 1))])),
    changing: Buffer.from(`${CANARY} ${n}\n`.repeat(40)),
  }),
};

const kept = { kept: noise(1, 30_000), other: noise(2, 9000) };
const gone = { gone: noise(3, 30_000) };

/** Of the first snapshot a part stays, of the second nothing; and what was forgotten with the first is back when it is swept. */
export const FORGETTABLE: Growth = {
  snapshots: 3,
  content: (n) =>
    [{ ...kept, ...gone }, { 'gone too': noise(4, 20_000) }, { ...kept, said: Buffer.from(CANARY) }][n - 1] ?? {
      ...kept,
      ...gone,
    },
};

/** These files, and no others. */
export async function plant(folder: string, content: Content): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const [path, bytes] of Object.entries(content)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
}
