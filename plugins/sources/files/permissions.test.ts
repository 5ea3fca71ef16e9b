import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { lendHost, MemorySink, MemorySnapshot, type StoredTreeEntry } from 'holdfast/conformance';
import type { Restored, RestoreRequest, Unset } from 'holdfast/plugin';
import { plugin } from './index.ts';
import { temporaryFolder } from './sample.ts';
import { FilesSource } from './source.ts'; // at once: later, this process may no longer read it

/**
 * What this file does when it is run as a process of its own: gives up root, backs up the folder in the first argument, restores it
 * into the second together with modes and owners that are hard to give, and prints what it was told.
 */
async function asNobody(from: string, into: string): Promise<void> {
  if (process.getuid?.() === 0) {
    process.setgroups?.([]);
    process.setgid?.(65534);
    process.setuid?.(65534);
  }
  await using host = await lendHost();
  const source = new FilesSource({ paths: [from] }, host);
  const sink = new MemorySink();
  await source.backup({ select: null, parallel: 8, lastOf: () => undefined }, sink);
  const mine = { mode: 0o6755, uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1, mtimeNs: 0n };
  const file = (name: string, meta: typeof mine): StoredTreeEntry => ({
    path: Buffer.from(name),
    meta,
    kind: 'file',
    data: Buffer.from(name),
  });
  const part = sink.snapshot().part('files');
  const entries = part?.kind === 'tree' ? part.entries : [];
  const folder = (name: string, mode: number): StoredTreeEntry => ({
    path: Buffer.from(name),
    meta: { ...mine, mode },
    kind: 'directory',
  });
  const more = [
    folder('shut', 0o000),
    folder('shut/within', 0o500),
    file('z mine', mine),
    file('z of another', { ...mine, uid: mine.uid + 1 }),
  ];
  const snapshot = new MemorySnapshot(
    new Map([['files', { kind: 'tree', facts: null, entries: [...entries, ...more] }]]),
  );
  const request: RestoreRequest = {
    at: 'latest',
    select: null,
    into: { folder: into },
    conflict: 'error',
    parallel: 8,
  };
  const planned = await source.plan(request, snapshot);
  const restored = await source.restore(planned, request, snapshot);
  // Again, onto what is there: in a folder that its owner may not write in, and in one that he may not even enter.
  const within = `${into}/open/kept`;
  await fs.appendFile(within, ' and more');
  await fs.chmod(`${into}/open`, 0o555);
  await fs.chmod(`${into}/shut`, 0o600);
  const replacing: RestoreRequest = { ...request, conflict: 'replace' };
  const plannedAgain = await source.plan(replacing, snapshot);
  const replaced = await source.restore(plannedAgain, replacing, snapshot);
  // And into a folder of another.
  const theirs: RestoreRequest = { ...replacing, into: { folder: `${into}/../theirs` }, select: ['/z mine'] };
  const plannedTheirs = await source.plan(theirs, snapshot);
  const refused = await source.restore(plannedTheirs, theirs, snapshot);
  const foreseen = [planned, plannedAgain, plannedTheirs].map((plan) => plan.foreseen);
  const denied = await plugin.open({ paths: [`${from}/closed`] }, host);
  const probed = await denied.probe().then(
    () => 'read',
    (error: unknown) => String(error),
  );
  console.log(JSON.stringify({ captured: sink.skipped, restored, replaced, refused, foreseen, probed }));
}

const [, thisFile = '', ...folders] = process.argv;

if (folders.length === 2) await asNobody(folders[0] ?? '', folders[1] ?? '');
else
  describe('a files source that is not root', () => {
    it('names what it may not read and what it may not set, and does the rest', async () => {
      await using folder = await temporaryFolder();
      await fs.chmod(folder.path, 0o755);
      const [from, into] = [join(folder.path, 'from'), join(folder.path, 'into')];
      for (const path of [from, into, join(from, 'open'), join(from, 'closed')]) await fs.mkdir(path);
      const files = ['open/kept', 'open/secret', 'closed/hidden'].map((name) => join(from, name));
      for (const path of files) await fs.writeFile(path, 'content');
      if (process.getuid?.() === 0) {
        for (const path of [from, into, join(from, 'open'), join(from, 'closed'), ...files])
          await fs.chown(path, 65534, 65534);
      }
      await fs.chmod(join(from, 'open/secret'), 0o000);
      await fs.chmod(join(from, 'closed'), 0o000);

      await fs.mkdir(join(folder.path, 'theirs'));
      const args = ['--conditions=source', '--import', 'tsx', thisFile, from, into];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      const { captured, restored, replaced, refused, foreseen, probed } = JSON.parse(stdout);
      assert.deepEqual(
        captured.map((one: { what: string; failure: { code: string } }) => [one.what, one.failure.code]),
        [
          ['closed', 'SOURCE_DENIED'],
          ['open/secret', 'SOURCE_DENIED'],
        ],
      );
      const rights = [
        ['z of another', 'RESTORE_RIGHTS'], // the set-user-id bit
        ['z of another', 'RESTORE_RIGHTS'], // the set-group-id bit
      ];
      assert.deepEqual(
        restored.skipped.map((one: { what: string; failure: { code: string } }) => [one.what, one.failure.code]),
        rights,
      );
      assert.equal(restored.facts.owners, 'not set');
      assert.deepEqual(
        restored.unset.map(({ part, count, named }: Unset) => [part, count, named]),
        ['owner', 'set-user-id', 'set-group-id'].map((part) => [part, 1, ['z of another']]),
      );
      assert.deepEqual(
        replaced.skipped.map((one: { what: string; failure: { code: string } }) => [one.what, one.failure.code]),
        [['shut/within', 'RESTORE_DENIED'], ...rights],
      );
      const told = ({ skipped, unset, notSet }: Restored) => ({
        skipped: [...skipped].sort((a, b) => (a.what < b.what ? -1 : 1)),
        unset,
        notSet,
      });
      assert.deepEqual(
        foreseen.map(told),
        [restored, replaced, refused].map(told),
        'a dry run says the same beforehand',
      );
      if (process.getuid?.() === 0)
        assert.deepEqual(
          refused.skipped.map((one: { failure: { message: string } }) => one.failure.message),
          ['cannot restore z mine: EACCES', 'cannot restore .: EPERM'],
        );
      assert.equal((await fs.stat(join(into, 'open'))).mode, (await fs.stat(join(from, 'open'))).mode);
      assert.match(probed, /cannot list .*closed: EACCES/);
      assert.deepEqual((await fs.readdir(into)).sort(), ['closed', 'open', 'shut', 'z mine', 'z of another']);
      assert.equal(await fs.readFile(join(into, 'open/kept'), 'utf8'), 'content');
      assert.equal((await fs.stat(join(into, 'z mine'))).mode & 0o7777, 0o6755);
      assert.equal((await fs.stat(join(into, 'z of another'))).mode & 0o7777, 0o755);
      await fs.chmod(join(from, 'closed'), 0o700); // so that anyone may remove it
      await fs.chmod(join(into, 'closed'), 0o700);
      await fs.chmod(join(into, 'shut'), 0o700);
      assert.equal((await fs.stat(join(into, 'shut/within'))).mode & 0o777, 0o500);
    });
  });
