import { readFile } from 'node:fs/promises';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { ConnectionOptions } from './options.ts';

/** What libpq calls sslmode, in Node's words: https://www.postgresql.org/docs/current/libpq-ssl.html, "SSL Mode Descriptions". */
export async function tlsOf(tls: ConnectionOptions['tls']): Promise<TlsOptions | false> {
  if (tls === undefined || tls.mode === 'disable') return false;
  const ca = tls.ca === undefined ? {} : { ca: await readFile(tls.ca, 'utf8') };
  if (tls.mode === 'require') return { rejectUnauthorized: false };
  if (tls.mode === 'verify-ca') return { ...ca, rejectUnauthorized: true, checkServerIdentity: () => undefined };
  return { ...ca, rejectUnauthorized: true };
}
