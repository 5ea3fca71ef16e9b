import { fail, HoldfastError, type Json, type Plan, type Restored } from 'holdfast/plugin';
import { GLOBALS } from './artifact-name.ts';
import { type DatabasePlan, planDatabase } from './database-plan.ts';
import { restoreDatabase } from './database-restore.ts';
import { serverFailure } from './failure.ts';
import { exportTo, planExport } from './folder-restore.ts';
import { readManifest } from './manifest.ts';
import { Programs } from './programs.ts';
import { restoreAddress } from './restore-address.ts';
import { RestoreMask } from './restore-mask.ts';
import { chooseDatabases, type DatabaseChoice, type Skipped } from './restore-plan.ts';
import type { RestoringOptions } from './restoring-options.ts';
import { missingRoles, roleStatements, rolesOf, withGroups, withoutPasswords } from './roles.ts';
import { serverFacts } from './server.ts';
import { type Address, describeAddress, Session } from './session.ts';

interface ServerState {
  readonly databases: readonly DatabasePlan[];
  readonly roles: readonly string[];
}

/** Says what a restore would do to a server, or in a folder. */
export async function planServerRestore(o: RestoringOptions): Promise<Plan> {
  const { into } = o.request;
  const manifest = await readManifest(o.from);
  const choices = await chooseDatabases(manifest, o.request, o.from);
  if ('folder' in into) return planExport(o, into.folder, manifest, choices);
  if (!('server' in into)) return unsupported();
  const { address, database } = restoreAddress(into.server, o.options.connection);
  if (database !== undefined && choices.length > 1) ambiguous(choices, database);
  await using session = await Session.open(address, o.host);
  const there = await session.rows<{ name: string }>('SELECT datname AS name FROM pg_catalog.pg_database');
  const plans: DatabasePlan[] = [];
  for (const choice of choices) {
    const target = database ?? choice.record.name;
    const exists = there.some(({ name }) => name === target);
    plans.push(
      await planDatabase({
        choice,
        target,
        exists,
        address,
        server: session,
        host: o.host,
        conflict: o.request.conflict,
      }),
    );
  }
  const mask = await RestoreMask.open(o, manifest, choices, restoredTables(plans));
  const entries = choices.flatMap(({ archive }, i) => {
    const wanted = new Set(plans[i]?.definitions);
    return archive.entries.filter(({ dumpId, desc }) => wanted.has(dumpId) || desc.startsWith('DATABASE'));
  });
  const named = await missingRoles(session, rolesOf(entries));
  const roles = named.length === 0 ? [] : await missingRoles(session, withGroups(await readGlobals(o), named));
  const state: ServerState = { databases: plans, roles };
  return {
    steps: [...(roles.length > 0 ? [`make roles ${roles.join(', ')}`] : []), ...plans.flatMap(stepsOf), ...mask.steps],
    state: state as unknown as Json,
    place: describeAddress({ ...address, database: database ?? choices.map(({ record }) => record.name).join(', ') }),
  };
}

export async function restoreServer(o: RestoringOptions, plan: Plan): Promise<Restored> {
  const { into } = o.request;
  const manifest = await readManifest(o.from);
  const choices = await chooseDatabases(manifest, o.request, o.from);
  if ('folder' in into) return exportTo(o, into.folder, manifest, choices);
  if (!('server' in into)) return unsupported();
  const { address } = restoreAddress(into.server, o.options.connection);
  const state = plan.state as unknown as ServerState;
  const mask = await RestoreMask.open(o, manifest, choices, restoredTables(state.databases));
  const programs = await programsFor(address, o, choices);
  const made = await makeRoles(o, address, state.roles);
  const parallel = Math.max(1, Math.min(o.options.parallel ?? 4, o.request.parallel));
  const readBack = o.options.readBack ?? true;
  const skipped: Skipped[] = [];
  const done: string[] = [];
  for (const one of state.databases) {
    const choice = choices.find(({ record }) => record.name === one.source);
    if (choice === undefined) continue;
    const all = { plan: one, choice, address, programs, host: o.host, from: o.from, parallel, readBack, mask };
    try {
      skipped.push(...(await restoreDatabase(all)));
    } catch (error) {
      throw state.databases.length > 1 ? ofDatabase(one.target, done, error) : error;
    }
    done.push(one.target);
  }
  return {
    facts: factsOf(choices, restoredTables(state.databases), mask, readBack),
    skipped: [
      ...(manifest.rolePasswords ? [] : withoutPasswords(made)),
      ...state.databases.flatMap(({ skipped }) => skipped),
      ...skipped,
    ],
    masked: mask.report,
  };
}

/** What was proven: how many rows the server gave back, or took, byte by byte as they were captured, or as they left the agent. */
function factsOf(
  choices: readonly DatabaseChoice[],
  restored: ReadonlySet<string>,
  mask: RestoreMask,
  readBack: boolean,
): Json {
  const tables = choices.flatMap((choice) => choice.tables).filter(({ artifact }) => restored.has(artifact));
  const masked = tables.filter((table) => mask.of(table) !== undefined);
  const [seen, done] = readBack ? ['read back from the server', 'read back from'] : ['sent to the server', 'sent to'];
  const plain = `number and SHA-256 of the rows of ${masked.length === 0 ? 'each table' : 'tables without rules'}, ${seen}, are those that were captured`;
  const replaced = `of ${masked.length} masked tables, what was read from the backup is what was captured, and what was ${done} the server is what masking made of it`;
  const said = [...(masked.length < tables.length ? [plain] : []), ...(masked.length > 0 ? [replaced] : [])];
  return {
    tables: tables.length,
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    ...(said.length > 0 ? { verified: said.join('; ') } : {}),
  };
}

function restoredTables(plans: readonly DatabasePlan[]): Set<string> {
  return new Set(plans.flatMap(({ load, replace }) => [...load, ...replace]));
}

/** pg_restore must know what the pg_dump of then wrote, and the server of now. */
async function programsFor(
  address: Address,
  o: RestoringOptions,
  choices: readonly DatabaseChoice[],
): Promise<Programs> {
  await using session = await Session.open(address, o.host);
  const { version } = await serverFacts(session);
  const archives = choices.map(({ archive }) => Number.parseInt(archive.dumpVersion, 10) * 10_000);
  return Programs.find({ server: version, archives, address, host: o.host, folder: o.options.programs });
}

/** Of several, which one it was, and which are there. */
function ofDatabase(target: string, done: readonly string[], error: unknown): HoldfastError {
  const failure = serverFailure(error, `restore database ${target}`);
  const there = done.length === 0 ? '' : `; restored before it, and there: ${done.join(', ')}`;
  return new HoldfastError({ ...failure, message: `database ${target}: ${failure.message}${there}` }, { cause: error });
}

async function readGlobals({ from }: RestoringOptions): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of from.bytes(GLOBALS)) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

/** Returns the statements that made them. */
async function makeRoles(o: RestoringOptions, address: Address, roles: readonly string[]): Promise<readonly string[]> {
  if (roles.length === 0) return [];
  await using session = await Session.open(address, o.host);
  const present = await session.rows<{ rolname: string }>('SELECT rolname FROM pg_catalog.pg_roles');
  const statements = roleStatements(await readGlobals(o), roles, new Set(present.map(({ rolname }) => rolname)));
  await session.run('BEGIN', ...statements, 'COMMIT');
  return statements;
}

function stepsOf({ target, make, definitions, load, replace, left, largeObjects, skipped }: DatabasePlan): string[] {
  return [
    `${make ? 'make' : 'add to'} database ${target}: ${definitions.length} definitions, the rows of ${load.length} tables${largeObjects ? ', large objects' : ''}`,
    ...replace.map((artifact) => `replace the rows of ${artifact}`),
    ...left.map((artifact) => `leave ${artifact} as it is`),
    ...skipped.map(({ what, failure }) => `leave out ${what}: ${failure.message}`),
  ];
}

function ambiguous(choices: readonly DatabaseChoice[], database: string): never {
  fail({
    code: 'USAGE',
    message: `${choices.length} databases (${choices.map(({ record }) => record.name).join(', ')}) do not fit into one called ${database}`,
    origin: 'policy',
    permanent: true,
    hint: `name one: ${choices[0]?.record.name}/`,
  });
}

function unsupported(): never {
  return fail({
    code: 'RESTORE_UNSUPPORTED',
    message: 'a source of type postgres is restored to a server or to a folder',
    origin: 'policy',
    permanent: true,
    hint: 'write --into postgresql:///copy for another database of the same server, or --into <folder>',
  });
}
