import { type Failure, fail, failureOf } from 'holdfast/plugin';

/** What the server, or the way to it, said: a failure of the source. `action` completes "cannot …". */
export function serverFailure(error: unknown, action: string): Failure {
  const code = codeOf(error);
  const own = failureOf(error, { code: '', origin: 'source' });
  if (own.code !== '') return own;
  const known = code === '' ? UNCODED.find(([pattern]) => pattern.test(own.message))?.[1] : code;
  const kind = CLASSES.find(([pattern]) => pattern.test(known ?? ''))?.[1] ?? otherwise;
  return { ...kind, origin: 'source', message: `cannot ${action}: ${own.message}${code === '' ? '' : ` (${code})`}` };
}

/** Awaits `work`; what the server refuses becomes a failure that says what was being done. */
export async function asking<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    return fail(serverFailure(error, action), error);
  }
}

/** The SQLSTATE of an error of the server, the errno of one of the system, or nothing. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

type Kind = Pick<Failure, 'code' | 'permanent' | 'hint'>;

const otherwise: Kind = { code: 'POSTGRES_FAILED', permanent: false, hint: 'see the log of the server' };

/** What the client says without a code, by the code that it means: lib/client.js of pg. A server that crashes says nothing itself. */
const UNCODED: readonly (readonly [RegExp, string])[] = [
  [/^Connection terminated unexpectedly/, 'ECONNRESET'],
  [/^SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be/, '28P01'],
  [/^(timeout expired|Connection terminated due to connection timeout)/, 'ETIMEDOUT'],
];

/** By SQLSTATE: PostgreSQL documentation, appendix A, "PostgreSQL Error Codes"; and by errno. */
const CLASSES: readonly (readonly [RegExp, Kind])[] = [
  [
    /^28/,
    {
      code: 'POSTGRES_LOGIN',
      permanent: true,
      hint: 'look at user and password in connection (of a restore: in the address), and at pg_hba.conf of the server',
    },
  ],
  [
    /^3D000/,
    { code: 'POSTGRES_NO_DATABASE', permanent: true, hint: 'look at the name: `psql -l` lists what there is' },
  ],
  [
    /^42501/,
    {
      code: 'POSTGRES_DENIED',
      permanent: true,
      hint: 'for a backup, GRANT pg_read_all_data TO the user of the agent, or exclude what it may not read; for a restore, name a user in the address who may make what is restored',
    },
  ],
  [
    /^25006/,
    {
      code: 'POSTGRES_READ_ONLY',
      permanent: true,
      hint: 'a standby takes no restore: name the primary in the address',
    },
  ],
  [
    /^(42P01|42704|XX000)/,
    { code: 'POSTGRES_CHANGED', permanent: false, hint: 'definitions changed meanwhile: run it again' },
  ],
  [
    /^(22|23|42)/,
    {
      code: 'POSTGRES_REFUSED',
      permanent: true,
      hint: 'what is there is defined otherwise than what was captured: compare them, or restore to another database (--into postgresql:///copy)',
    },
  ],
  [
    /^55P03/,
    {
      code: 'POSTGRES_LOCKED',
      permanent: false,
      hint: 'somebody else holds a lock that lets nobody read: see pg_locks',
    },
  ],
  [
    /^(53100|53200|58030)/,
    { code: 'POSTGRES_FULL', permanent: false, hint: 'the server has no room left: free some, then run it again' },
  ],
  [
    /^53/,
    {
      code: 'POSTGRES_BUSY',
      permanent: false,
      hint: 'the server has no connection left: lower parallel, or raise max_connections',
    },
  ],
  // Who is cut off without a word was connected before: it is not that nobody answers.
  [
    /^(57|ECONNRESET$|EPIPE$)/,
    { code: 'POSTGRES_STOPPED', permanent: false, hint: 'the server ended the connection: see its log' },
  ],
  [
    /^(08|E[A-Z]+$)/,
    {
      code: 'POSTGRES_UNREACHABLE',
      permanent: false,
      hint: 'see that the server runs, and that host and port are right',
    },
  ],
];
