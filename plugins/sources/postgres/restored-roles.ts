import { GLOBALS } from './artifact-name.ts';
import type { RestoringOptions } from './restoring-options.ts';
import { roleStatements } from './roles.ts';
import { type Address, Session } from './session.ts';

/** What pg_dumpall said of roles and tablespaces. */
export async function readGlobals({ from }: RestoringOptions): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of from.bytes(GLOBALS)) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

/** Makes all or none. Returns the statements that made them. */
export async function makeRoles(
  o: RestoringOptions,
  address: Address,
  roles: readonly string[],
): Promise<readonly string[]> {
  if (roles.length === 0) return [];
  await using session = await Session.open(address, o.host);
  const present = await session.rows<{ rolname: string }>('SELECT rolname FROM pg_catalog.pg_roles');
  const statements = roleStatements(await readGlobals(o), roles, new Set(present.map(({ rolname }) => rolname)));
  await session.run('BEGIN', ...statements, 'COMMIT');
  return statements;
}
