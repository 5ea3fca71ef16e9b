import assert from 'node:assert/strict';
import { chmod, link, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { collect, type LentHost, lendHost, noise, sha256 } from 'holdfast/conformance';
import type { Failure, Listed, Target } from 'holdfast/plugin';
import { plugin } from './index.ts';
import { openLocalTarget } from './local-target.ts';

let folder: string;
let path: string;
let host: LentHost;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-local-'));
  path = join(folder, 'repository');
  host = await lendHost();
  await plugin.create?.({ path }, host);
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await host[Symbol.asyncDispose]();
});

const body = noise(1, 100_000);
const put = (target: Target, key: string) => target.put(key, body, { sha256: sha256(body) });
const mode = async (file: string) => ((await stat(file)).mode & 0o7777).toString(8);
const failsWith = (code: string) => (thrown: { failure?: Failure }) => {
  assert.equal(thrown.failure?.code, code);
  assert.equal(thrown.failure?.origin, 'target');
  return true;
};
const systemError = (code: string) => async () => {
  throw Object.assign(new Error(code), { code, syscall: 'link' });
};

async function keys(target: Target): Promise<string[]> {
  const all: Listed[] = [];
  for await (const one of target.list('')) all.push(one);
  return all.map(({ key }) => key);
}

describe('the folder', () => {
  it('is made private with all above it, and so is what is put in it', async () => {
    const deep = join(folder, 'a/b/c');
    await plugin.create?.({ path: deep }, host);
    await put(await openLocalTarget({ path: deep }, host), 'packs/aa/one');
    for (const made of ['a', 'a/b', 'a/b/c', 'a/b/c/packs', 'a/b/c/packs/aa', 'a/b/c/tmp']) {
      assert.equal(await mode(join(folder, made)), '700', made);
    }
    assert.equal(await mode(join(deep, 'packs/aa/one')), '600');
  });

  it('is not made by open, nor used where it is a file', async () => {
    await assert.rejects(openLocalTarget({ path: join(folder, 'none') }, host), failsWith('TARGET_MISSING'));
    assert.deepEqual(await readdir(folder), ['repository']);
    await writeFile(join(folder, 'file'), '');
    for (const wrong of ['file', 'file/below']) {
      await assert.rejects(openLocalTarget({ path: join(folder, wrong) }, host), failsWith('TARGET_MISSING'), wrong);
      await assert.rejects(
        plugin.create?.({ path: join(folder, wrong) }, host) ?? assert.fail(),
        failsWith('TARGET_MISSING'),
      );
    }
  });

  it('is missed when another one takes its place, as below a mount that went away', async () => {
    const target = await openLocalTarget({ path }, host);
    await put(target, 'a/one');
    await rename(path, join(folder, 'gone'));
    await assert.rejects(put(target, 'a/two'), failsWith('TARGET_MISSING'));
    await mkdir(path);
    for (const use of [
      () => put(target, 'a/two'),
      () => collect(target.get('a/one')),
      () => keys(target),
      () => target.now(),
      () => target.delete?.('a/one'),
    ]) {
      await assert.rejects(async () => use(), failsWith('TARGET_MISSING'));
    }
    assert.deepEqual(await readdir(path), [], 'something was written into the folder below the mount');
  });

  it('has one identity, through links and before it exists', async () => {
    await symlink(path, join(folder, 'link'));
    const expected = plugin.identity({ path });
    for (const same of ['link', 'link/', './link/../repository', 'none/../link']) {
      assert.equal(plugin.identity({ path: `${folder}/${same}` }), expected, same);
    }
    assert.equal(plugin.identity({ path: join(folder, 'link/none/x') }), `${expected}/none/x`);
  });
});

describe('what does not belong', () => {
  it('is not listed, and not taken for an object', async () => {
    const target = await openLocalTarget({ path }, host);
    await put(target, 'a/one');
    await writeFile(join(path, 'a/Upper'), '');
    await writeFile(join(path, 'a/with space'), '');
    await symlink('one', join(path, 'a/link'));
    await mkdir(join(path, 'a/empty'));
    assert.deepEqual(await keys(target), ['a/one']);
    await assert.rejects(collect(target.get('a/link')), failsWith('OBJECT_MISSING'));
    await assert.rejects(put(target, 'a/link'), failsWith('TARGET_CONFLICT'));
    await assert.rejects(put(target, 'a/empty'), failsWith('TARGET_CONFLICT'));
  });

  it('is removed from tmp a day after it was left, and not before', async () => {
    const target = await openLocalTarget({ path }, host);
    await put(target, 'tmp/kept');
    const left = { '~old': 25, '~new': 23, kept: 100 };
    for (const [name, hours] of Object.entries(left)) {
      if (name !== 'kept') await writeFile(join(path, 'tmp', name), 'x');
      const then = new Date(Date.now() - hours * 3_600_000);
      await utimes(join(path, 'tmp', name), then, then);
    }
    await openLocalTarget({ path }, host);
    assert.deepEqual((await readdir(join(path, 'tmp'))).sort(), ['kept', '~new']);
    assert.deepEqual(await keys(target), ['tmp/kept']);
  });
});

describe('errors of the system', () => {
  const codes = {
    ENOSPC: 'TARGET_FULL',
    EDQUOT: 'TARGET_FULL',
    EROFS: 'TARGET_READONLY',
    EACCES: 'TARGET_DENIED',
    ESTALE: 'TARGET_UNAVAILABLE',
    EIO: 'TARGET_IO',
    ENOENT: 'TARGET_IO',
  };
  for (const [errno, code] of Object.entries(codes)) {
    it(`${errno} is ${code}, and leaves nothing`, async () => {
      const target = await openLocalTarget({ path }, host, systemError(errno));
      await assert.rejects(put(target, 'a/one'), failsWith(code));
      assert.deepEqual(await readdir(join(path, 'tmp')), []);
      assert.deepEqual(await keys(target), []);
    });
  }

  it('a folder that may not be written is TARGET_DENIED; reading goes on', async () => {
    const target = await openLocalTarget({ path }, host);
    await put(target, 'a/one');
    for (const [name, bits] of [
      ['a/one', 0o644],
      ['a', 0o755],
      ['tmp', 0o555],
      ['.', 0o555],
      ['..', 0o755],
    ] as const) {
      await chmod(join(path, name), bits);
    }
    await unprivileged(async () => {
      const reader = await openLocalTarget({ path }, host);
      assert.equal((await collect(reader.get('a/one'))).length, body.length);
      await assert.rejects(put(reader, 'a/two'), failsWith('TARGET_DENIED'));
      await assert.rejects(put(reader, 'b/two'), failsWith('TARGET_DENIED'));
    });
    await chmod(path, 0o700);
  });
});

describe('moving', () => {
  it('takes a file only, private folders and all, and leaves both names to whoever comes after one that was killed', async () => {
    const target = await openLocalTarget({ path }, host);
    await put(target, 'a/one');
    await symlink('one', join(path, 'a/link'));
    for (const key of ['a/link', 'a', 'a/one/below']) {
      await assert.rejects(target.move(key, 'away/x'), failsWith('OBJECT_MISSING'), key);
    }
    await mkdir(join(path, 'away/1/a'), { recursive: true });
    await link(join(path, 'a/one'), join(path, 'away/1/a/one'));
    await assert.rejects(target.move('a/one', 'away/1/a/one'), failsWith('TARGET_CONFLICT'));
    await target.move('a/one', 'away/2/a/one');
    assert.deepEqual(await keys(target), ['away/1/a/one', 'away/2/a/one']);
    for (const made of ['away/2', 'away/2/a']) assert.equal(await mode(join(path, made)), '700', made);
  });
});

describe('without hard links', () => {
  it('a name that another process keeps locked is waited for, then refused', async () => {
    const target = await openLocalTarget({ path }, host, systemError('EPERM'));
    await put(target, 'a/one');
    const lock = join(path, 'tmp', `~lock-${sha256(Buffer.from(join(path, 'a/two'))).slice(0, 32)}`);
    await writeFile(lock, '');
    await assert.rejects(put(target, 'a/two'), failsWith('TARGET_UNAVAILABLE'));
    assert.deepEqual(await keys(target), ['a/one']);
    const waiting = put(target, 'a/two');
    await rm(lock);
    assert.equal(await waiting, 'created');
    assert.deepEqual(await readdir(join(path, 'tmp')), []);
  });
});

/** Runs `work` as a user who is not root, since root may do anything. */
async function unprivileged(work: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
  }
}
