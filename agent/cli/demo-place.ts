import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail } from '../contract/index.ts';
import { firstPolicy, POLICY_NAME, pathInside } from './first-policy.ts';
import type { Invocation } from './invocation.ts';
import { userStateFolder } from './state.ts';

/** What the demo does not take of a checkout: what `npm ci`, a build and git put there. */
const NOT_SOURCES = ['node_modules', '.git', 'dist'];

/** Where a demo keeps everything it makes: a place for each protected folder, so that a second run finds the first. */
export interface DemoPlace {
  /** The folder that is backed up; only read. */
  readonly protect: string;
  readonly folder: string;
  readonly stateFolder: string;
  readonly policyFile: string;
  readonly policyText: string;
  /** Made anew by every run. */
  readonly restored: string;
  /** Names that are left out wherever they stand. */
  readonly leftOut: readonly string[];
  /** Whether something below `protect` is left out of the backup. */
  excluded(entry: Buffer): boolean;
}

export async function demoPlace({ cwd, env, home }: Invocation, given: string | undefined): Promise<DemoPlace> {
  const protect = await protectedFolder(given === undefined ? ownSources() : path.resolve(cwd, given), given);
  const base = path.join(userStateFolder(env, home), 'holdfast-demo');
  const digest = createHash('sha256').update(protect).digest('hex').slice(0, 8);
  const folder = path.join(base, `${path.basename(protect) || 'root'}-${digest}`);
  const stateFolder = path.join(folder, 'state');
  const policyFile = path.join(folder, POLICY_NAME);
  const leftOut = given === undefined ? NOT_SOURCES : [];
  const own = pathInside(protect, base);
  const exclude = [...leftOut.map((name) => `${name}/`), ...(own === undefined ? [] : [`/${own}/`])];
  const repository = path.join(folder, 'repository');
  return {
    protect,
    folder,
    stateFolder,
    policyFile,
    policyText: firstPolicy({ folder, protect, repository, exclude }),
    restored: path.join(folder, 'restored'),
    leftOut,
    excluded: (entry) => leftOut.includes(path.basename(String(entry))) || (own !== undefined && String(entry) === own),
  };
}

async function protectedFolder(folder: string, given: string | undefined): Promise<string> {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return realpath(folder);
  return fail({
    code: 'USAGE',
    message: `${given ?? folder} is ${stats ? 'not a folder' : 'not there'}.`,
    origin: 'agent',
    permanent: true,
    hint: 'Name a folder of yours; it is only read.',
  });
}

function ownSources(): string {
  return fileURLToPath(new URL('./', import.meta.resolve('holdfast/package.json')));
}
