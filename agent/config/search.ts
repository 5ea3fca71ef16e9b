import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { CommonOptions, Loaders, PublicExplorer } from 'cosmiconfig';

/** Where a policy is looked for in a folder. YAML and JSON only: a policy is data, and the agent may run as root. */
export const SEARCH_PLACES: readonly string[] = ['holdfast', '.holdfast', '.config/holdfast'].flatMap((place) =>
  ['yaml', 'yml', 'json'].map((type) => `${place}.${type}`),
);

/** Looked into last. */
const SYSTEM_FOLDER = '/etc/holdfast';

interface ExplorerOptions extends CommonOptions {
  readonly moduleName: string;
  readonly loaders: Loaders;
  readonly metaConfigFilePath: null;
  readonly applyPackagePropertyPathToConfiguration: boolean;
  transform<T>(result: T): T;
}

/** A policy that was found: its absolute path, and who else could have put it there, if anybody. */
export interface Found {
  readonly file: string;
  readonly doubtful?: string;
}

/** The policy of a folder, named in one of {@link SEARCH_PLACES}. */
export async function searchFolder(folder: string): Promise<string | undefined> {
  // Not `cosmiconfig()`: before it searches, that function looks below the working directory for instructions to itself, and
  // runs .config/config.js when there is one. The explorer behind it does only what it is told. Its types are not published.
  const { Explorer }: { Explorer: new (options: ExplorerOptions) => PublicExplorer } = createRequire(import.meta.url)(
    'cosmiconfig/dist/Explorer.js',
  );
  // Only found here, read elsewhere: the text itself is needed, for positions.
  const found = () => ({ found: true });
  const explorer = new Explorer({
    moduleName: 'holdfast',
    searchPlaces: [...SEARCH_PLACES],
    loaders: { '.yaml': found, '.yml': found, '.json': found },
    searchStrategy: 'none',
    ignoreEmptySearchPlaces: false,
    cache: false,
    mergeImportArrays: false,
    mergeSearchPlaces: false,
    metaConfigFilePath: null,
    applyPackagePropertyPathToConfiguration: false,
    transform: (result) => result,
  });
  return (await explorer.search(folder))?.filepath;
}

/** The policy for somebody who stands in `cwd`: from there upward, then the system's. */
export async function searchUpward(cwd: string): Promise<Found | undefined> {
  for (let folder = path.resolve(cwd); ; folder = path.dirname(folder)) {
    const file = await searchFolder(folder);
    if (file !== undefined) return { file, ...(await doubt(file)) };
    if (folder === path.dirname(folder)) break;
  }
  const file = await searchFolder(SYSTEM_FOLDER);
  return file === undefined ? undefined : { file, ...(await doubt(file)) };
}

async function doubt(file: string): Promise<{ doubtful?: string }> {
  const [own, folder] = await Promise.all([stat(file), stat(path.dirname(file))]);
  const foreign = isForeign(own.uid, folder.mode, process.getuid?.() ?? 0);
  return foreign ? { doubtful: 'it belongs to another user, in a folder that everybody can write to' } : {};
}

/** In a folder such as /tmp anybody can leave a policy for whoever passes by: there, only one's own and root's count. */
export function isForeign(owner: number, folderMode: number, user: number): boolean {
  return (folderMode & 0o002) !== 0 && owner !== 0 && owner !== user;
}
