import { execFileSync } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failureOf, type Json } from 'holdfast/plugin';

/** A fresh folder for one test; disposing removes it. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await fs.mkdtemp(join(tmpdir(), 'holdfast-files-'));
  return {
    path,
    async [Symbol.asyncDispose]() {
      execFileSync('chmod', ['-R', 'u+rwX', path]); // only root removes what lies in folders without these
      await fs.rm(path, { recursive: true, force: true });
    },
  };
}

/**
 * All that a backup must keep of a folder, found without the code under test: of each path its kind, mode, owner, time in
 * nanoseconds, content or target, the first path that is the same file, and its extended attributes (ACLs and capabilities are some).
 */
export async function stateOf(folder: string): Promise<{ [path: string]: Json }> {
  const state: { [path: string]: Json } = {};
  const names = new Map<string, string>();
  const visit = async (absolute: Buffer, path: string): Promise<void> => {
    const stats = await fs.lstat(absolute, { bigint: true });
    const inode = `${stats.dev}:${stats.ino}`;
    state[path] = {
      mode: stats.mode.toString(8),
      owner: `${stats.uid}:${stats.gid}`,
      mtime: stats.mtimeNs.toString(),
      ...(stats.isFile() ? { content: (await fs.readFile(absolute)).toString('base64') } : {}),
      ...(stats.isSymbolicLink() ? { target: await fs.readlink(absolute, 'latin1') } : {}),
      ...(names.has(inode) ? { sameAs: names.get(inode) ?? '' } : {}),
    };
    if (!stats.isDirectory()) names.set(inode, path);
    else {
      const below = await fs.readdir(absolute, 'latin1');
      for (const name of below.sort()) {
        await visit(
          Buffer.concat([absolute, Buffer.from(`/${name}`, 'latin1')]),
          path === '' ? name : `${path}/${name}`,
        );
      }
    }
  };
  await visit(Buffer.from(folder), '');
  // One process for all: it names each file as it was given, below the folder it was started in.
  const dump = execFileSync('getfattr', ['-R', '-P', '-h', '-d', '-m', '-', '-e', 'hex', '.'], {
    cwd: folder,
    maxBuffer: 2 ** 26,
  });
  for (const block of dump.toString('latin1').split('\n\n').filter(Boolean)) {
    const [name = '', ...xattrs] = block.split('\n');
    state[`attributes of ${name}`] = xattrs.sort();
  }
  return state;
}

/** A little of everything a file system can hold that any user can make. */
export async function makeSample(folder: string): Promise<void> {
  const at = (name: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);
  await fs.mkdir(at('a/deeper/empty'), { recursive: true });
  await fs.mkdir(at('a-b'));
  await fs.writeFile(at('a/one'), 'the first');
  await fs.writeFile(at('a/empty'), '');
  await fs.writeFile(at('a/deeper/two'), Buffer.alloc(200_000, 'two'));
  await fs.writeFile(at('a.b'), 'sorts between a-b and a');
  await fs.link(at('a/one'), at('a-b/the same'));
  await fs.link(at('a/one'), at('z'));
  await fs.writeFile(at('new\nline'), 'n');
  await fs.writeFile(at('not UTF-8 \xff\xfe'), 'n');
  await fs.writeFile(at('x'.repeat(255)), 'n');
  await fs.symlink('a', at('link to a folder'));
  await fs.symlink('.', at('a/loop'));
  await fs.symlink(Buffer.from('gone \xff', 'latin1'), at('dangling'));
  await fs.truncate(at('a.b'), 3_000_000); // a hole
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  await fs.writeFile(at('secret'), 's', { mode: process.geteuid?.() === 0 ? 0o000 : 0o400 }); // root reads it all the same
  await fs.writeFile(at('program'), 's');
  await fs.chmod(at('program'), 0o6755);
  await fs.chmod(at('a/deeper'), 0o1770);
  await setAttributes(folder);
  await settle(folder, new Set());
}

async function setAttributes(folder: string): Promise<void> {
  const set = (name: string, xattr: string, value: string) =>
    execFileSync('setfattr', ['-h', '-n', xattr, '-v', value, '--', Buffer.from(name, 'latin1').toString()], {
      cwd: folder,
    });
  set('a/one', 'user.comment', 'kept');
  set('a/one', 'user.empty', '');
  set('a/deeper', 'user.of a folder', '0x00ff0a');
  set('a.b', 'user.é=\n', '0x01');
  execFileSync('setfacl', ['-m', 'u:12345:rw', 'a/deeper/two'], { cwd: folder });
  execFileSync('setfacl', ['-d', '-m', 'g:12345:rx', 'a'], { cwd: folder });
  if (process.geteuid?.() !== 0) return;
  set('a/loop', 'trusted.of a link', '1');
  set('fifo', 'trusted.of a FIFO', '1');
  execFileSync('setcap', ['cap_net_raw=ep', 'program'], { cwd: folder });
}

// Times that Node sets exactly, one before 1970, so that they can be compared to the nanosecond.
async function settle(folder: string, done: Set<bigint>): Promise<void> {
  const names = (await fs.readdir(folder, { encoding: 'buffer' })).sort(Buffer.compare);
  for (const [n, name] of names.entries()) {
    const path = Buffer.concat([Buffer.from(`${folder}/`), name]);
    const stats = await fs.lstat(path, { bigint: true });
    if (stats.isDirectory()) await settle(path.toString(), done);
    else if (!done.has(stats.ino)) {
      done.add(stats.ino);
      const time = n % 3 === 0 ? `-${n}00000.25` : `17${n}0000000.5`;
      await fs.lutimes(path, time, time);
    }
  }
  await fs.utimes(folder, '1600000000.125', '1600000000.125');
}

/** For `assert.rejects`: that it failed with this code. */
export function failureWith(code: string): (thrown: unknown) => boolean {
  return (thrown) => failureOf(thrown, { code: 'UNFORESEEN', origin: 'agent' }).code === code;
}
