import { fail, type Json, type Plan, type Restored } from 'holdfast/plugin';
import { absentFrom } from './absences.ts';
import { brokenOff } from './broken-off.ts';
import { type DatabasePlan, planDatabase } from './database-plan.ts';
import { restoreDatabase } from './database-restore.ts';
import { exportTo, planExport } from './folder-restore.ts';
import { readManifest } from './manifest.ts';
import { Programs } from './programs.ts';
import { restoreAddress } from './restore-address.ts';
import { RestoreMask } from './restore-mask.ts';
import { chooseDatabases, type DatabaseChoice, type Skipped } from './restore-plan.ts';
import { restoredFacts, restoredTables } from './restored-facts.ts';
import { makeRoles, readGlobals } from './restored-roles.ts';
import type { RestoringOptions } from './restoring-options.ts';
import { missingRoles, rolesOf, withGroups, withoutPasswords } from './roles.ts';
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
  const absent = absentFrom(manifest, o.request, o.from);
  if (choices.length === 0 && absent[0] !== undefined) fail(absent[0].failure);
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
  const named = await missingRoles(session, rolesOf(entries, o.request.noOwner !== true));
  const roles = named.length === 0 ? [] : await missingRoles(session, withGroups(await readGlobals(o), named));
  const state: ServerState = { databases: plans, roles };
  return {
    steps: [...(roles.length > 0 ? [`make roles ${roles.join(', ')}`] : []), ...plans.flatMap(stepsOf), ...mask.steps],
    state: state as unknown as Json,
    foreseen: { skipped: absent },
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
  const owners = o.request.noOwner !== true;
  const skipped: Skipped[] = [];
  const done: DatabasePlan[] = [];
  for (const one of state.databases) {
    const choice = choices.find(({ record }) => record.name === one.source);
    if (choice === undefined) continue;
    const all = { plan: one, choice, address, programs, host: o.host, from: o.from, parallel, readBack, mask, owners };
    try {
      skipped.push(...(await restoreDatabase(all)));
    } catch (error) {
      throw brokenOff({ error, at: one, done, databases: state.databases, roles: state.roles, host: o.host });
    }
    done.push(one);
  }
  return {
    facts: restoredFacts({ choices, plans: state.databases, mask, readBack }),
    skipped: [
      ...absentFrom(manifest, o.request, o.from),
      ...(manifest.rolePasswords ? [] : withoutPasswords(made)),
      ...state.databases.flatMap(({ skipped }) => skipped),
      ...skipped,
    ],
    masked: mask.report,
  };
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

function stepsOf({
  target,
  make,
  definitions,
  load,
  replace,
  left,
  kept,
  largeObjects,
  skipped,
}: DatabasePlan): string[] {
  return [
    `${make ? 'make' : 'add to'} database ${target}: ${definitions.length} definitions, the rows of ${load.length} tables${largeObjects ? ', large objects' : ''}`,
    ...replace.map((artifact) => `replace the rows of ${artifact}`),
    ...[...left, ...kept].map((what) => `leave ${what} as it is`),
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
