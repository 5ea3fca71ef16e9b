import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fail } from 'holdfast/plugin';

/** Where Debian and Red Hat put each major version's programs. */
const FOLDERS: readonly (readonly [folder: string, bin: (name: string) => string | undefined])[] = [
  ['/usr/lib/postgresql', (name) => (/^\d+$/.test(name) ? `${name}/bin` : undefined)],
  ['/usr', (name) => (/^pgsql-\d+$/.test(name) ? `${name}/bin` : undefined)],
];

/** Programs of one version, and where they are. */
export interface FoundPrograms {
  readonly folder: string;
  readonly version: string;
}

/**
 * Those of the lowest version that is not below `version`: an older pg_dump refuses such a server (`PG_DUMP_OLD`), and where there is
 * none at all it is `PG_DUMP_MISSING`. `version` is as `server_version_num`: 150020 is 15.20. `folder`: where to look; absent: everywhere.
 */
export async function findPrograms(version: number, folder?: string): Promise<FoundPrograms> {
  const major = Math.floor(version / 10_000);
  const found: (FoundPrograms & { readonly major: number })[] = [];
  for (const place of folder === undefined ? await candidates(major) : [folder]) {
    const own = await versionOf(place);
    if (own === undefined) continue;
    const one = { folder: place, version: own, major: Number.parseInt(own, 10) };
    // None fits better; and to ask each folder of PATH is to start a program in each.
    if (one.major === major) return one;
    found.push(one);
  }
  const fitting = found.filter((one) => one.major >= major).toSorted((a, b) => a.major - b.major)[0];
  const versions = found.map((one) => one.version);
  return fitting ?? refuse(versions, major, folder);
}

/** Folders that have a pg_dump, those that are named after `major` first. */
async function candidates(major: number): Promise<string[]> {
  const named: string[] = [];
  for (const [folder, bin] of FOLDERS) {
    for (const name of await readdir(folder).catch(() => [])) {
      const place = bin(name);
      if (place === undefined) continue;
      if (name === `${major}` || name === `pgsql-${major}`) named.unshift(join(folder, place));
      else named.push(join(folder, place));
    }
  }
  const inPath = (process.env['PATH'] ?? '').split(':').filter((place) => place.startsWith('/'));
  const all = [...new Set([...named, ...inPath])];
  const there = await Promise.all(
    all.map((place) =>
      access(join(place, 'pg_dump'))
        .then(() => true)
        .catch(() => false),
    ),
  );
  return all.filter((_, i) => there[i]);
}

async function versionOf(folder: string): Promise<string | undefined> {
  const child = spawn(join(folder, 'pg_dump'), ['--version'], { env: {}, stdio: ['ignore', 'pipe', 'ignore'] });
  const said = text(child.stdout).catch(() => '');
  const [exit] = await once(child, 'close').catch(() => [127]);
  return exit === 0 ? /(\d+(\.\d+)*)/.exec(await said)?.[1] : undefined;
}

function refuse(found: readonly string[], major: number, folder: string | undefined): never {
  const where = folder === undefined ? 'here' : `in ${folder}`;
  fail({
    code: found.length === 0 ? 'PG_DUMP_MISSING' : 'PG_DUMP_OLD',
    message:
      found.length === 0
        ? `there is no pg_dump ${where}, which reads the definitions of the databases`
        : `the server is of version ${major}, and pg_dump ${where} of ${[...new Set(found)].join(', ')}: an older one cannot read it`,
    origin: 'source',
    permanent: true,
    hint: `install postgresql-client${major > 0 ? `-${major}, or a later one` : ''}, or name its folder in programs`,
    ...(folder === undefined ? {} : { detail: { option: ['programs'] } }),
  });
}
