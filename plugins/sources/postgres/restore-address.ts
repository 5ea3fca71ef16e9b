import { fail, type Json } from 'holdfast/plugin';
import type { ConnectionOptions } from './options.ts';
import { type Address, addressOf } from './session.ts';

export interface RestoreAddress {
  readonly address: Address;
  /** The name of the database to restore to; absent: as it was called. */
  readonly database?: string;
}

/**
 * Where `--into postgresql://user@host:port/database` leads. What it does not say is as the policy has it, so `postgresql:///copy` is
 * another database of the same server; a server that is named takes nothing else from the policy but the user. A password is never
 * part of it: `?password-file=` says where one lies.
 */
export function restoreAddress(server: Json, connection: ConnectionOptions): RestoreAddress {
  const url = typeof server === 'string' && URL.canParse(server) ? new URL(server) : undefined;
  if (url === undefined || !['postgres:', 'postgresql:'].includes(url.protocol))
    return wrong('it is no postgresql:// address');
  if (url.password !== '') return wrong('there is a password in it, which everybody on this host can read');
  const known = new Set(['host', 'password-file', 'tls', 'ca']);
  for (const name of url.searchParams.keys()) if (!known.has(name)) wrong(`it has ${name}, which nothing here reads`);
  const decoded = (text: string) => decodeURIComponent(text);
  const host = url.searchParams.get('host') ?? decoded(url.hostname).replace(/^\[(.*)\]$/, '$1');
  const database = decoded(url.pathname.replace(/^\//, ''));
  const file = url.searchParams.get('password-file');
  const mode = url.searchParams.get('tls');
  const ca = url.searchParams.get('ca');
  if (mode !== null && !isMode(mode)) return wrong(`tls is ${mode}: disable, require, verify-ca or verify-full`);
  const another = host !== '';
  const base: ConnectionOptions = another
    ? connection.user === undefined
      ? {}
      : { user: connection.user }
    : connection;
  const address = addressOf({
    ...base,
    ...(another ? { host } : {}),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(url.username === '' ? {} : { user: decoded(url.username) }),
    ...(file === null ? {} : { password: { file } }),
    ...(mode === null ? {} : { tls: { mode, ...(ca === null ? {} : { ca }) } }),
    database: 'postgres',
  });
  return { address, ...(database === '' ? {} : { database }) };
}

type Mode = NonNullable<ConnectionOptions['tls']>['mode'];

function isMode(text: string): text is Mode {
  return ['disable', 'require', 'verify-ca', 'verify-full'].includes(text);
}

function wrong(why: string): never {
  return fail({
    code: 'USAGE',
    message: `this is nowhere to restore to: ${why}`,
    origin: 'policy',
    permanent: true,
    hint: 'write --into postgresql://user@host:port/database, with ?password-file=/path when one is needed; or postgresql:///database for another database of the same server',
  });
}
