import { type Failure, fail } from 'holdfast/plugin';
import type { Program } from './program.ts';

/** Throws what a program ended with, by what it said on stderr. `action` completes "cannot …". */
export function programFailed(program: Program, action: string, said: string): never {
  const all = program === 'pg_restore' ? [...SAID_OF_RESTORES, ...SAID] : SAID;
  const kind = all.find(([pattern]) => pattern.test(said))?.[1] ?? {
    code: 'POSTGRES_FAILED',
    permanent: false,
    hint: 'see the log of the server',
  };
  fail({ ...kind, message: `cannot ${action}: ${lastWords(said) || `${program} was ended`}`, origin: 'source' });
}

type Said = readonly (readonly [RegExp, Pick<Failure, 'code' | 'permanent' | 'hint'>])[];

const SAID_OF_RESTORES: Said = [
  [
    /permission denied|must be (superuser|owner|member|able)|no privileges/,
    {
      code: 'POSTGRES_DENIED',
      permanent: true,
      hint: 'name a user in the address who may make it, and give it to its owner: a superuser, or a member of the roles that own what is restored',
    },
  ],
  [
    /does not exist/,
    {
      code: 'POSTGRES_REFUSED',
      permanent: true,
      hint: 'the server has not got what a definition needs: make that first, or restore the tables that do without, by their names',
    },
  ],
];

/** By what these programs, and the server through them, say. */
const SAID: Said = [
  [
    /authentication failed|no password supplied|no pg_hba\.conf entry|is not permitted to log in/,
    {
      code: 'POSTGRES_LOGIN',
      permanent: true,
      hint: 'look at user and password in connection, and at pg_hba.conf of the server',
    },
  ],
  [
    /permission denied|must be (superuser|owner)/,
    { code: 'POSTGRES_DENIED', permanent: true, hint: 'GRANT pg_read_all_data TO the user of the agent' },
  ],
  [
    /too many (connections|clients)|remaining connection slots/,
    {
      code: 'POSTGRES_BUSY',
      permanent: false,
      hint: 'raise the limit of connections of the server, the database or the role',
    },
  ],
  [
    /server closed the connection|terminating connection|no connection to the server|the database system is (?:starting|shutting|in recovery)/,
    { code: 'POSTGRES_STOPPED', permanent: false, hint: 'the server ended the connection: see its log' },
  ],
  [
    /does not exist|could not open relation|cache lookup failed/,
    { code: 'POSTGRES_CHANGED', permanent: false, hint: 'definitions changed meanwhile: run it again' },
  ],
  // --lock-wait-timeout of pg_dump is a statement_timeout for its LOCK TABLE.
  [
    /due to (statement|lock) timeout/,
    {
      code: 'POSTGRES_LOCKED',
      permanent: false,
      hint: 'somebody else holds a lock that lets nobody read: see pg_locks',
    },
  ],
  [
    /No space left on device/,
    { code: 'POSTGRES_FULL', permanent: false, hint: 'the server has no room left: free some, then run it again' },
  ],
];

/** Of many lines, the one that says what was wrong: later ones quote the statement. */
function lastWords(said: string): string {
  const line = said.split('\n').find((one) => /error|ERROR|FATAL/.test(one)) ?? said.split('\n')[0] ?? '';
  return line.replace(/^pg_\w+: (error: )?/, '').slice(0, 500);
}
