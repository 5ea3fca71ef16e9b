import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from 'holdfast/plugin';
import type { Address } from './session.ts';
import { startupOptions } from './session-settings.ts';

/**
 * The whole environment of these programs. The password goes by a file for this user alone in the run's own folder: who can list
 * processes sees arguments, and the same user the environment.
 */
export async function environmentOf(
  address: Address,
  host: Host,
  serverVersion?: number,
): Promise<Record<string, string | undefined>> {
  const environment: Record<string, string | undefined> = {
    PATH: process.env['PATH'],
    LC_ALL: 'C',
    PGHOST: address.host,
    PGPORT: `${address.port}`,
    PGUSER: address.user,
    PGAPPNAME: 'holdfast',
    PGOPTIONS: startupOptions(serverVersion),
    PGCONNECT_TIMEOUT: '20',
    PGPASSFILE: '/nowhere',
  };
  if (address.tls !== undefined) {
    environment['PGSSLMODE'] = address.tls.mode;
    environment['PGSSLROOTCERT'] = address.tls.ca ?? (address.tls.mode.startsWith('verify') ? 'system' : '');
  }
  if (address.password !== undefined) {
    const file = join(host.scratchDir, 'pgpass');
    const password = (await host.secret(address.password)).replaceAll(/[\\:]/g, '\\$&');
    await writeFile(file, `*:*:*:*:${password}\n`, { mode: 0o600 });
    environment['PGPASSFILE'] = file;
  }
  return environment;
}
