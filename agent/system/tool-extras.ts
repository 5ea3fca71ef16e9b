import type {
  ExtrasAccess,
  InodeExtras,
  InodeToRead,
  InodeToSet,
  ReadExtras,
  Trouble,
  WantedExtras,
} from './inode-extras.ts';
import { flagLetters, flagsOfLetters, KEPT_FLAGS } from './inode-flags.ts';
import { PATH_MAX } from './long-path.ts';
import { errnoInWords, type Ran, runTool } from './tool.ts';
import { dumpOf, parseDump } from './xattr-dump.ts';

type Kind = 'xattrs' | 'flags';
type Item = { -readonly [K in keyof InodeExtras]: InodeExtras[K] } & { readonly troubles: Trouble[] };

/**
 * By the tools that every Linux distribution has or can install, for a Node without `node:ffi`: one process for a batch, and one by
 * one only where something failed, to learn what.
 */
export class ToolExtras implements ExtrasAccess {
  readonly by = 'tools';
  readonly missing = new Map<Kind, string>();

  async read(inodes: readonly InodeToRead[], wanted: WantedExtras): Promise<(ReadExtras | undefined)[]> {
    const items = new Map<string, Item>();
    const paths: string[] = [];
    const holders: string[] = [];
    for (const { path, holder } of inodes) {
      const raw = Buffer.from(path).toString('latin1');
      if (path.length >= PATH_MAX) {
        if (wanted.xattrs) itemOf(items, raw).troubles.push({ what: 'xattrs', code: 'ENAMETOOLONG' });
        continue;
      }
      paths.push(raw);
      if (holder) holders.push(raw);
    }
    if (wanted.xattrs) await this.#readXattrs(paths, items);
    if (wanted.flags) await this.#readFlags(holders, items);
    return inodes.map(({ path }) => items.get(Buffer.from(path).toString('latin1')));
  }

  async #readXattrs(paths: readonly string[], items: Map<string, Item>): Promise<void> {
    const args = ['-0r', 'getfattr', '-h', '-d', '-m', '-', '-e', 'hex', '--absolute-names', '--'];
    const ran = await this.#run('xattrs', args, paths);
    if (ran === undefined) return;
    if (ran.status !== 0 && paths.length > 1) {
      const half = paths.length >> 1;
      await this.#readXattrs(paths.slice(0, half), items);
      await this.#readXattrs(paths.slice(half), items);
      return;
    }
    for (const [path, xattrs] of parseDump(ran.stdout)) itemOf(items, path).xattrs = xattrs;
    const code = errnoInWords(ran.stderr);
    const [only] = paths;
    if (ran.status !== 0 && code !== 'ENOTSUP' && only !== undefined)
      itemOf(items, only).troubles.push({ what: 'xattrs', code });
  }

  /** lsattr writes names as they are, line ends among them: so each line is looked for where it must come. */
  async #readFlags(paths: readonly string[], items: Map<string, Item>): Promise<void> {
    const ran = await this.#run('flags', ['-0r', 'lsattr', '-d', '--'], paths);
    if (ran === undefined) return;
    const told = ran.stdout.toString('latin1');
    let at = 0;
    for (const path of paths) {
      const space = told.indexOf(' ', at);
      const end = space + 1 + path.length;
      if (space >= 0 && told.startsWith(`${path}\n`, space + 1)) {
        const flags = flagsOfLetters(told.slice(at, space));
        if (flags !== 0) itemOf(items, path).flags = flags;
        at = end + 1;
      } else {
        const code = errnoInWords(complaintAbout(path, ran.stderr));
        if (code !== 'ENOTSUP') itemOf(items, path).troubles.push({ what: 'flags', code });
      }
    }
  }

  async set(inodes: readonly InodeToSet[]): Promise<Trouble[][]> {
    const troubles = inodes.map((): Trouble[] => []);
    const folders = Map.groupBy(inodes.keys(), (at) => Buffer.from(inodes[at]?.folder ?? '').toString('latin1'));
    for (const at of folders.values()) {
      const there = at.map((n) => inodes[n] as InodeToSet);
      const told = at.map((n) => troubles[n] as Trouble[]);
      await this.#setXattrs(there, told);
      await this.#setFlags(there, told);
    }
    return troubles;
  }

  async #setXattrs(inodes: readonly InodeToSet[], troubles: readonly Trouble[][]): Promise<void> {
    const at = [...inodes.keys()].filter((n) => Object.keys(inodes[n]?.xattrs ?? {}).length > 0);
    const all = at.map((n) => inodes[n] as InodeToSet);
    const [first] = all;
    if (first === undefined) return;
    const ran = await this.#start('xattrs', 'setfattr', ['-h', '--restore=-'], dumpOf(all), first.folder);
    if (ran?.status === 0 && ran.stderr === '') return;
    for (const n of at) troubles[n]?.push(...(await this.#setOneByOne(inodes[n] as InodeToSet)));
  }

  async #setOneByOne({ folder, name, xattrs = {} }: InodeToSet): Promise<Trouble[]> {
    const troubles: Trouble[] = [];
    for (const [xattr, value] of Object.entries(xattrs)) {
      const dump = dumpOf([{ name, xattrs: { [xattr]: value } }]);
      const ran = await this.#start('xattrs', 'setfattr', ['-h', '--restore=-'], dump, folder);
      if (ran?.status === 0 && ran.stderr === '') continue;
      if (ran !== undefined && (await this.#has({ folder, name }, xattr, value))) continue;
      troubles.push({ what: { xattr }, code: ran === undefined ? 'ENOSYS' : errnoInWords(ran.stderr) });
    }
    return troubles;
  }

  async #has({ folder, name }: InodeToSet, xattr: string, value: Uint8Array): Promise<boolean> {
    const input = Buffer.concat([Buffer.from('./'), name, Buffer.from([0])]);
    const args = ['-0r', 'getfattr', '-h', '-n', xattr, '-e', 'hex', '--'];
    const ran = await this.#start('xattrs', 'xargs', args, input, folder);
    const [there] = parseDump(ran?.stdout ?? Buffer.alloc(0)).values();
    const found = there?.[xattr];
    return found !== undefined && Buffer.compare(found, value) === 0;
  }

  async #setFlags(inodes: readonly InodeToSet[], troubles: readonly Trouble[][]): Promise<void> {
    const at = [...inodes.keys()].filter((n) => ((inodes[n]?.flags ?? 0) & KEPT_FLAGS) !== 0);
    const alike = Map.groupBy(at, (n) => flagLetters((inodes[n]?.flags ?? 0) & KEPT_FLAGS));
    for (const [letters, group] of alike) {
      if (
        (
          await this.#chattr(
            letters,
            group.map((n) => inodes[n] as InodeToSet),
          )
        )?.status === 0
      )
        continue;
      for (const n of group) {
        const ran = await this.#chattr(letters, [inodes[n] as InodeToSet]);
        if (ran?.status !== 0) troubles[n]?.push({ what: 'flags', code: errnoInWords(ran?.stderr ?? 'ENOSYS') });
      }
    }
  }

  #chattr(letters: string, inodes: readonly InodeToSet[]): Promise<Ran | undefined> {
    const names = inodes.flatMap(({ name }) => [Buffer.from('./'), name, Buffer.from([0])]);
    const folder = inodes[0]?.folder ?? Buffer.from('/');
    return this.#start('flags', 'xargs', ['-0r', 'chattr', `+${letters}`], Buffer.concat(names), folder);
  }

  #run(kind: Kind, args: readonly string[], paths: readonly string[]): Promise<Ran | undefined> {
    const input = Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1');
    return this.#start(kind, 'xargs', args, input, Buffer.from('/'));
  }

  /** Undefined when the tool is not there, which is noted. */
  async #start(
    kind: Kind,
    command: string,
    args: readonly string[],
    input: Uint8Array,
    folder: Uint8Array,
  ): Promise<Ran | undefined> {
    if (this.missing.has(kind)) return undefined;
    const ran = await runTool(command, args, { input, folder: Buffer.from(folder).toString('utf8') });
    // xargs says 127 of a command that it does not find.
    if (ran.status !== undefined && !(command === 'xargs' && ran.status === 127)) return ran;
    const tool = command === 'xargs' && ran.status !== undefined ? args[1] : command;
    this.missing.set(kind, `this Node has no node:ffi, and there is no ${tool}`);
    return undefined;
  }
}

function itemOf(items: Map<string, Item>, path: string): Item {
  const item = items.get(path) ?? { troubles: [] };
  items.set(path, item);
  return item;
}

/** `lsattr: Permission denied While reading flags on /a/b`, in the midst of others; newer ones say it the other way round. */
function complaintAbout(path: string, stderr: string): string {
  const end = stderr.indexOf(` ${path}\n`);
  if (end < 0) return stderr;
  return stderr.slice(stderr.lastIndexOf('lsattr: ', end), end);
}
