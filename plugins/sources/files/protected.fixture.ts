import { promises as fs, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { lendHost, MemorySink, type MemorySnapshot } from 'holdfast/conformance';
import type { Change, Plan, Reader, Restored, RestoreRequest } from 'holdfast/plugin';
import { plugin } from './index.ts';
import type { FilesOptions } from './options.ts';
import { makeSample, temporaryFolder } from './sample.ts';

/** A folder that was backed up, and is restored to where it is. */
export class Protected implements AsyncDisposable {
  readonly folder: string;
  readonly options: FilesOptions;
  readonly #whole: AsyncDisposable;
  snapshot!: MemorySnapshot;

  private constructor(whole: AsyncDisposable & { readonly path: string }, options: Partial<FilesOptions>) {
    this.#whole = whole;
    this.folder = join(whole.path, 'data');
    this.options = { paths: [this.folder], ...options };
  }

  static async create(
    make: (folder: string) => Promise<void>,
    options: Partial<FilesOptions> = {},
  ): Promise<Protected> {
    const made = new Protected(await temporaryFolder(), options);
    await fs.mkdir(made.folder);
    await make(made.folder);
    if (make !== makeSample) await settle(made.folder);
    await made.capture();
    return made;
  }

  at(path: string): string {
    return join(this.folder, path);
  }

  async capture(): Promise<void> {
    await using host = await lendHost();
    await using source = await plugin.open(this.options, host);
    const sink = new MemorySink();
    await source.backup({ select: null, parallel: 3, lastOf: () => undefined }, sink);
    this.snapshot = sink.snapshot();
  }

  /** What would be changed, and then, unless `only`, the change itself. */
  async restore(
    o: Partial<RestoreRequest> & {
      readonly options?: FilesOptions;
      readonly only?: 'plan';
      readonly from?: Reader;
      readonly between?: () => Promise<void>;
    } = {},
  ): Promise<{
    readonly told: string[];
    readonly changes: Change[];
    readonly plan: Plan;
    readonly restored: Restored;
  }> {
    const { options = this.options, only, from = this.snapshot, between, ...request } = o;
    await using host = await lendHost();
    await using source = await plugin.open(options, host);
    const whole: RestoreRequest = {
      at: 'latest',
      select: null,
      into: { original: true },
      conflict: 'replace',
      parallel: 4,
      ...request,
    };
    const changes: Change[] = [];
    const plan = await source.plan(whole, from, (change) => changes.push(change));
    await between?.();
    const restored = only === 'plan' ? { facts: null, skipped: [] } : await source.restore(plan, whole, from);
    return { told: changes.map(words), changes, plan, restored };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#whole[Symbol.asyncDispose]();
  }
}

function words({ path, action, differs, otherNames }: Change): string {
  const name = Buffer.from(path).toString('latin1') || '.';
  return [action, name, ...differs, ...(otherNames === undefined ? [] : [`+${otherNames}`])].join(' ');
}

/** By these somebody can see that a thing was touched: its inode, and when anything of it last changed. */
export function marks(folder: string, paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    paths.map((path) => {
      const { ino, ctimeNs } = lstatSync(join(folder, path), { bigint: true });
      return [path, `${ino} ${ctimeNs}`];
    }),
  );
}

/** Files with one content each, `name → content`; a name that ends in a slash is a folder. */
export function holding(files: Record<string, string>): (folder: string) => Promise<void> {
  return async (folder) => {
    for (const [name, content] of Object.entries(files)) {
      await fs.mkdir(join(folder, name.endsWith('/') ? name : join(name, '..')), { recursive: true });
      if (!name.endsWith('/')) await fs.writeFile(join(folder, name), content);
    }
  };
}

/** Times in whole seconds: a restore carries them exactly. */
export async function settle(folder: string): Promise<void> {
  const names = await fs.readdir(folder, { recursive: true });
  for (const name of names.sort().reverse()) await fs.lutimes(join(folder, name), 1_700_000_000, 1_700_000_000);
  await fs.utimes(folder, 1_700_000_000, 1_700_000_000);
}

/** What was left out of a restore, each as `path CODE`. */
export const codes = ({ skipped }: Restored) => skipped.map(({ what, failure }) => `${what} ${failure.code}`);
