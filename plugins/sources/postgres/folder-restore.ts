import { link, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Bytes,
  fail,
  type Plan,
  type Reader,
  type Restored,
  type RestoreRequest,
  unfinishedName,
} from 'holdfast/plugin';
import { absentFrom } from './absences.ts';
import { archiveBytes } from './archive-export.ts';
import { GLOBALS } from './artifact-name.ts';
import { digested } from './digested.ts';
import type { Manifest, TableRecord } from './manifest.ts';
import { RestoreMask } from './restore-mask.ts';
import type { DatabaseChoice } from './restore-plan.ts';
import { requireCaptured } from './restore-rows.ts';
import type { RestoringOptions } from './restoring-options.ts';
import { scriptOf } from './script-export.ts';

/** A file that an export writes. */
interface ExportedFile {
  readonly name: string;
  bytes(): Bytes;
}

/** Says what an export would write. */
export async function planExport(
  o: RestoringOptions,
  folder: string,
  manifest: Manifest,
  choices: readonly DatabaseChoice[],
): Promise<Plan> {
  if (o.request.noOwner === true && o.request.format !== 'plain') archivesHaveOwners();
  const mask = await exportMask(o, manifest, choices);
  const files = exportedFiles(o, choices, mask);
  const standing = await standingFiles(folder, files);
  if (standing[0] !== undefined && o.request.conflict === 'error') conflicts(`${folder}/${standing[0]}`);
  const left = new Set(o.request.conflict === 'skip' ? standing : []);
  const steps = files.map(({ name }) => (left.has(name) ? `leave ${name} as it is` : `write ${name}`));
  const foreseen = { skipped: absentFrom(manifest, o.request, o.from) };
  return { steps: [...steps, ...mask.steps], state: null, place: folder, foreseen };
}

export async function exportTo(
  o: RestoringOptions,
  folder: string,
  manifest: Manifest,
  choices: readonly DatabaseChoice[],
): Promise<Restored> {
  const mask = await exportMask(o, manifest, choices);
  const files = exportedFiles(o, choices, mask);
  const standing = new Set(await standingFiles(folder, files));
  const { conflict } = o.request;
  const written = files.filter(({ name }) => !(conflict === 'skip' && standing.has(name)));
  for (const file of written) await writeFile(folder, file, conflict);
  const names = written.map(({ name }) => name);
  const left = files.map(({ name }) => name).filter((name) => !names.includes(name));
  return {
    facts: { files: names, ...(left.length > 0 ? { left } : {}) },
    skipped: absentFrom(manifest, o.request, o.from),
    masked: mask.report,
  };
}

async function exportMask(
  o: RestoringOptions,
  manifest: Manifest,
  choices: readonly DatabaseChoice[],
): Promise<RestoreMask> {
  const tables = choices.flatMap((choice) => choice.tables);
  const mask = await RestoreMask.open(o, manifest, choices, new Set(tables.map(({ artifact }) => artifact)));
  const [unfit] = tables.flatMap(
    (table) => mask.of(table)?.expressions.map(({ column }) => `${table.schema}.${table.table}, ${column}`) ?? [],
  );
  if (unfit !== undefined)
    fail({
      code: 'MASK_UNFIT',
      message: `there is no server that could evaluate the expression for "${unfit}": a folder is written by the agent alone`,
      origin: 'policy',
      permanent: true,
      hint: 'restore to a server, or give this column another rule; nothing was written',
    });
  return mask;
}

/** One archive or script for each database, and for a whole server what makes its roles. */
function exportedFiles(o: RestoringOptions, choices: readonly DatabaseChoice[], mask: RestoreMask): ExportedFile[] {
  const { from, request } = o;
  const files = choices.map((choice): ExportedFile => {
    const name = choice.record.name.replaceAll('/', '%2F');
    const archive = () => archiveBytes({ choice, from, rows: (table) => exportedRows(table, from, mask) });
    if (request.format !== 'plain') return { name: `${name}.dump`, bytes: archive };
    return { name: `${name}.sql`, bytes: () => scriptOf(archive(), o, choice) };
  });
  return request.select === null ? [{ name: 'globals.sql', bytes: () => from.bytes(GLOBALS) }, ...files] : files;
}

/** What was captured and nothing else, masked. */
async function* exportedRows(table: TableRecord, from: Reader, mask: RestoreMask): Bytes {
  const stored = digested(from.bytes(table.artifact));
  yield* mask.of(table)?.apply(stored.data) ?? stored.data;
  requireCaptured(table, stored);
}

/** Which of the files are there already. */
async function standingFiles(folder: string, files: readonly ExportedFile[]): Promise<string[]> {
  const found: string[] = [];
  for (const { name } of files) if (await stat(join(folder, name)).catch(() => undefined)) found.push(name);
  return found;
}

/** Writes a file all or nothing: it has its name when it is whole. With `conflict: error` one that came meanwhile is not replaced. */
async function writeFile(folder: string, file: ExportedFile, conflict: RestoreRequest['conflict']): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const place = join(folder, file.name);
  const { ino } = await stat(folder, { bigint: true });
  const temporary = join(folder, unfinishedName(ino));
  const handle = await open(temporary, 'wx', 0o600);
  try {
    for await (const piece of file.bytes()) await handle.writeFile(piece);
    await handle.sync();
    if (conflict === 'replace') await rename(temporary, place);
    else
      await link(temporary, place).catch((error) =>
        error.code === 'EEXIST' ? conflicts(place) : Promise.reject(error),
      );
  } finally {
    await handle.close();
    await unlink(temporary).catch(() => {});
  }
}

function archivesHaveOwners(): never {
  return fail({
    code: 'RESTORE_UNSUPPORTED',
    message: 'an archive says whose things are, and pg_restore whether that matters',
    origin: 'policy',
    permanent: true,
    hint: 'leave out --no-owner and give it to pg_restore, or write a script: --format plain',
  });
}

function conflicts(place: string): never {
  return fail({
    code: 'RESTORE_CONFLICT',
    message: `${place} exists already`,
    origin: 'source',
    permanent: true,
    hint: 'choose another folder, or the conflict mode skip or replace',
  });
}
