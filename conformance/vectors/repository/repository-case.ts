import { latin1 } from './reference-writer.ts';
import { type Artifact, type Repository, tree } from './repository-writer.ts';
import type { Entry } from './tree-entries.ts';

/** What comes of a repository that was made, and what is expected of who reads it. */
export type Outcome = {
  lengths?: Record<string, number>;
  read: string;
  target?: string;
  forgotten?: string[];
  expect?: string;
  holds?: unknown;
  findings?: [string, string][];
  reader?: string;
};
export type Case = (r: Repository) => Promise<Outcome>;

export const hello = latin1('hello, world\n');
export const root: Entry = { path: '', kind: 'directory', mode: 0o755 };
export const file = (path: string, ...chunks: Uint8Array[]): Entry => ({ path, kind: 'file', chunks });
export const simple = tree('files', [[root, file('hello', hello)]]);
export const holding = (...artifacts: Artifact[]) => artifacts.map(({ holds }) => holds);
export const pagesOf = (artifacts: readonly Artifact[]) =>
  artifacts.flatMap(({ pages }) => pages.map(({ chunk }) => chunk));

/** One pack with the given chunks and the pages of the artifacts, one fragment, one snapshot. */
export async function whole(
  r: Repository,
  artifacts: readonly Artifact[],
  chunks: readonly Uint8Array[],
): Promise<string> {
  const pack = await r.pack('pack', [
    { ordinal: 0, texts: chunks },
    { ordinal: 1, texts: pagesOf(artifacts) },
  ]);
  r.fragment('index', [pack]);
  return r.snapshot({ artifacts, packs: [pack] });
}

/** The same, and what is to come out of it. */
export const read = async (
  r: Repository,
  artifacts = [simple],
  chunks: readonly Uint8Array[] = [hello],
): Promise<Outcome> => ({
  read: await whole(r, artifacts, chunks),
  holds: holding(...artifacts),
});
