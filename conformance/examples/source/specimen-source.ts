import { constants } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  BackupRequest,
  Bytes,
  Host,
  Json,
  Plan,
  Reader,
  Restored,
  RestoreRequest,
  Sink,
  Source,
  Verdict,
} from 'holdfast/plugin';
import type { SpecimenOptions } from './options.ts';
import { failure, refuseFor } from './refusal.ts';
import { planRestore, restoreFiles } from './specimen-restore.ts';

const BLOCK_BYTES = 2 ** 16;
/** A link leads elsewhere, and a pipe could wait for ever: neither is opened. */
const CAREFULLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The files of a folder. Folders in it are left out; anything else that is no ordinary file is skipped by name. */
export class SpecimenSource implements Source {
  readonly #folder: string;
  readonly #host: Host;

  constructor({ folder }: SpecimenOptions, host: Host) {
    this.#folder = folder;
    this.#host = host;
  }

  async probe(): Promise<Json> {
    return { files: (await this.#names()).length };
  }

  async backup(_request: BackupRequest, out: Sink): Promise<Verdict> {
    let files = 0;
    for (const name of await this.#names()) {
      this.#host.signal.throwIfAborted();
      await using file = await this.#open(name);
      if (file === undefined) {
        out.skip(name, failure('SOURCE_UNREADABLE', `${name} cannot be opened as a file`));
        continue;
      }
      await out.bytes(name, this.#bytes(name, file), { chunker: 'cdc' });
      files++;
    }
    return { facts: { files } };
  }

  plan(request: RestoreRequest, from: Reader): Promise<Plan> {
    return planRestore(request, from);
  }

  restore(_plan: Plan, request: RestoreRequest, from: Reader): Promise<Restored> {
    return restoreFiles(request, from, this.#host.signal);
  }

  async #names(): Promise<string[]> {
    this.#host.signal.throwIfAborted();
    const entries = await readdir(this.#folder, { withFileTypes: true }).catch((error) =>
      refuseFor(error, 'SOURCE_MISSING', this.#folder),
    );
    return entries
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  }

  async #open(name: string): Promise<FileHandle | undefined> {
    const handle = await open(join(this.#folder, name), CAREFULLY).catch(() => undefined);
    if (handle === undefined || (await handle.stat()).isFile()) return handle;
    await handle.close();
    return undefined;
  }

  async *#bytes(name: string, file: FileHandle): Bytes {
    for (;;) {
      const { bytesRead, buffer } = await file
        .read({ buffer: Buffer.alloc(BLOCK_BYTES) })
        .catch((error) => refuseFor(error, 'SOURCE_IO', name));
      this.#host.signal.throwIfAborted();
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
