import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bytes, fail, type Plan, type Reader, type Restored, type RestoreRequest } from 'holdfast/plugin';
import { failure, refuseFor } from './refusal.ts';

/** Says what would be written; `RESTORE_CONFLICT` where that is there already and must not be replaced. */
export async function planRestore(request: RestoreRequest, from: Reader): Promise<Plan> {
  const folder = folderOf(request);
  const steps: string[] = [];
  for await (const { name } of from.parts()) {
    const file = fileIn(folder, name);
    if (request.conflict === 'error' && (await exists(file))) fail(failure('RESTORE_CONFLICT', `${file} is there`));
    steps.push(`write ${file}`);
  }
  return { steps, state: null };
}

/** Writes each file whole or not at all. */
export async function restoreFiles(request: RestoreRequest, from: Reader, signal: AbortSignal): Promise<Restored> {
  const folder = folderOf(request);
  signal.throwIfAborted();
  await mkdir(folder, { recursive: true }).catch((error) => refuseFor(error, 'RESTORE_IO', folder));
  let files = 0;
  for await (const { name } of from.parts()) {
    const file = fileIn(folder, name);
    const there = await exists(file);
    if (there && request.conflict === 'skip') continue;
    if (there && request.conflict === 'error') fail(failure('RESTORE_CONFLICT', `${file} is there`));
    await write(file, from.bytes(name), signal);
    files++;
  }
  return { facts: { files }, skipped: [] };
}

function folderOf({ into, select }: RestoreRequest): string {
  if (select !== null) fail(failure('NOT_SELECTABLE', 'it is restored whole; nothing can be selected'));
  return 'folder' in into ? into.folder : fail(failure('RESTORE_PLACE', 'it is restored to a folder'));
}

/** Names come from the repository, and may be hostile: none may lead out of the folder. */
function fileIn(folder: string, name: string): string {
  const plain = name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
  return plain ? join(folder, name) : fail(failure('RESTORE_ESCAPE', `${JSON.stringify(name)} is no name of a file`));
}

async function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    (error) => (error.code === 'ENOENT' ? false : refuseFor(error, 'RESTORE_IO', file)),
  );
}

async function write(file: string, data: Bytes, signal: AbortSignal): Promise<void> {
  const begun = `${file}.${randomUUID()}.part`;
  try {
    await using handle = await open(begun, 'wx', 0o600);
    for await (const bytes of data) {
      signal.throwIfAborted();
      await handle.writeFile(bytes);
    }
    await handle.sync();
    await rename(begun, file);
  } catch (error) {
    await rm(begun, { force: true });
    refuseFor(error, 'RESTORE_IO', file);
  }
}
