import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const DEBIAN = '/usr/lib/postgresql';

/**
 * The folder of PostgreSQL's programs (`initdb`, `postgres`, `pg_dump` …) that tests start a server of: the one that
 * HOLDFAST_TEST_POSTGRES names, or the newest that Debian's packages put there. Undefined where there is none.
 */
export function findPostgres(): string | undefined {
  const named = process.env['HOLDFAST_TEST_POSTGRES'];
  if (named !== undefined) {
    if (!existsSync(join(named, 'initdb')))
      throw new Error(
        `HOLDFAST_TEST_POSTGRES: no initdb in ${named}; it names a folder, as /usr/lib/postgresql/17/bin`,
      );
    return named;
  }
  return installed();
}

function installed(): string | undefined {
  const versions = existsSync(DEBIAN)
    ? readdirSync(DEBIAN).filter((name) => existsSync(join(DEBIAN, name, 'bin/initdb')))
    : [];
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? undefined : join(DEBIAN, newest, 'bin');
}
