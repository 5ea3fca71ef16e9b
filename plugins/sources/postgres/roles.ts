import type { Failure } from 'holdfast/plugin';
import type { ArchiveEntry } from './archive.ts';
import type { Skipped } from './restore-plan.ts';
import type { Session } from './session.ts';
import { unquoted } from './sql-name.ts';

/** How PostgreSQL writes a name: as it is, or in quotes. */
const NAME = '("(?:[^"]|"")*"|[^\\s",;]+)';
const grantees = new RegExp(`\\b(?:TO|FROM|ROLE|FOR ROLE|FOR USER) ${NAME}`, 'g');

/** The roles that definitions speak of: who owns something, where owners are wanted, and who may do something with it. */
export function rolesOf(entries: readonly ArchiveEntry[], owners: boolean): Set<string> {
  const roles = new Set<string>();
  for (const { owner, desc, definition } of entries) {
    if (owners && owner !== '') roles.add(owner);
    if (!/ACL|POLICY/.test(desc)) continue;
    for (const [, name = ''] of definition.matchAll(grantees)) roles.add(unquoted(name));
  }
  roles.delete('PUBLIC');
  roles.delete('CURRENT_USER');
  return roles;
}

/** Those of `roles` that the server does not have. */
export async function missingRoles(session: Session, roles: ReadonlySet<string>): Promise<string[]> {
  const rows = await session.rows<{ name: string }>(
    'SELECT name FROM unnest($1::text[]) AS of(name) WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = of.name) ORDER BY name',
    [[...roles]],
  );
  return rows.map(({ name }) => name);
}

/** Roles, with those that they are members of, and that these are members of. */
export function withGroups(globals: string, roles: readonly string[]): Set<string> {
  const grants = [...globals.matchAll(new RegExp(`^GRANT ${NAME} TO ${NAME}`, 'gm'))];
  const all = new Set(roles);
  for (let before = -1; before < all.size; ) {
    before = all.size;
    for (const [, group = '', member = ''] of grants) if (all.has(unquoted(member))) all.add(unquoted(group));
  }
  return all;
}

/**
 * The statements of `pg_dumpall --globals-only` that make `roles`: with their attributes, passwords and settings, and as members of
 * each other and of roles that are there. It writes each on a line of its own, but for texts with line breaks in them.
 */
export function roleStatements(globals: string, roles: readonly string[], present: ReadonlySet<string>): string[] {
  const made = new Set(roles);
  const statement = new RegExp(
    `^(?:CREATE ROLE ${NAME}|ALTER ROLE ${NAME} (?!IN DATABASE)|GRANT ${NAME} TO ${NAME}|COMMENT ON ROLE ${NAME})`,
  );
  return globals.split(/;\n/).flatMap((text) => {
    const trimmed = text.replace(/^(?:\s*(?:--[^\n]*)?\n)*/, '').trim();
    const found = statement.exec(trimmed);
    if (found === null) return [];
    const [, created, altered, granted, member, commented] = found.map((name) =>
      name === undefined ? undefined : unquoted(name),
    );
    if (granted !== undefined && member !== undefined)
      return made.has(member) && (made.has(granted) || present.has(granted))
        ? [trimmed.replace(/ GRANTED BY .*$/s, '')]
        : [];
    return made.has(created ?? altered ?? commented ?? '') ? [trimmed] : [];
  });
}

/** Of the roles that statements made, those that may log in, since they have no password now. */
export function withoutPasswords(statements: readonly string[]): Skipped[] {
  const login = new RegExp(`^ALTER ROLE ${NAME} WITH .*\\bLOGIN\\b`);
  return statements.flatMap((statement) => {
    const name = login.exec(statement)?.[1];
    if (name === undefined) return [];
    const failure: Failure = {
      code: 'ROLE_PASSWORD',
      message: 'it was made without one: the role that backs up may not read passwords',
      origin: 'source',
      permanent: true,
      hint: `ALTER ROLE ${name} PASSWORD …; backups by a member of pg_read_all_data have the passwords of roles`,
    };
    return [{ what: `password of role ${unquoted(name)}`, failure }];
  });
}
