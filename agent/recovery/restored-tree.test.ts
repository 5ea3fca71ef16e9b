import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { makeRecipient, noise, TestRepository } from '../engine/repository.fixture.ts';
import { openExtras } from '../system/index.ts';
import { restore, withSnapshot } from './reading.fixture.ts';
import { compareRestored } from './restored-tree.ts';

const asRoot = process.geteuid?.() === 0;
const MiB = 2 ** 20;

function makeTree(folder: string): void {
  const at = (name: string) => join(folder, name);
  mkdirSync(at('folder'), { recursive: true });
  for (const name of ['file', 'folder/first', 'attributed']) writeFileSync(at(name), noise(name.length, 5000));
  linkSync(at('folder/first'), at('second'));
  symlinkSync('file', at('link'));
  writeFileSync(at('sparse'), noise(1, MiB));
  truncateSync(at('sparse'), 64 * MiB);
  execFileSync('mkfifo', ['pipe'], { cwd: folder });
  execFileSync('setfattr', ['-n', 'user.note', '-v', 'kept', 'attributed', 'folder'], { cwd: folder });
}

/** What is done to the restored tree, and what must be said of which path. */
const changes: readonly (readonly [says: RegExp, command: string])[] = [
  [
    /^file: .*has other content/,
    'touch -r file t && printf x | dd of=file bs=1 seek=77 conv=notrunc && touch -r t file && rm t',
  ],
  [/^file: .*has another mode/, 'touch -r file t && chmod 604 file && rm t'],
  [/^file: .*has 4999 bytes instead of 5000/, 'truncate -s 4999 file'],
  [/^file: .*is not there/, 'rm file'],
  [/^file: .*is no file/, 'rm file && mkdir file'],
  [/^folder: .*is no folder/, 'rm -r folder && ln -s . folder'],
  [/^link: .*points elsewhere/, 'ln -sf nowhere link'],
  [/^second: .*is not another name/, 'cp -p second t && mv t second'],
  [/^pipe: .*is no fifo/, 'touch -r pipe t && rm pipe && mv t pipe'],
  [/^attributed: .*another extended attribute "user.note"/, 'setfattr -x user.note attributed'],
  [/^attributed: .*another extended attribute "user.note"/, 'setfattr -n user.note -v other attributed'],
  [/^folder: .*another extended attribute "user.more"/, 'setfattr -n user.more -v 1 folder'],
  [/^file: .*extended attribute "system.posix_acl_access"/, 'setfacl -m u:4711:r,m:r file'],
  [
    /^sparse: .*has other content/,
    'touch -r sparse t && printf x | dd of=sparse bs=1 seek=30000000 conv=notrunc && touch -r t sparse',
  ],
  ...(openExtras().by === 'libc'
    ? [
        [/^file: .*another time/, 'touch -d @1234567890.123456790 file'] as const,
        [/^link: .*another time/, 'touch -h -d @1.000000001 link'] as const,
      ]
    : [[/^file: .*another time/, 'touch -d @1 file'] as const]),
  ...(asRoot
    ? [
        [/^file: .*another owner/, 'chown 4711 file'] as const,
        [/^file: .*other flags/, 'chattr +d file'] as const,
        [/^link: .*extended attribute "trusted.x"/, 'setfattr -h -n trusted.x -v 1 link'] as const,
      ]
    : []),
];

test('a restored tree is compared with its snapshot in everything that was kept', async () => {
  await using r = await TestRepository.create({ plugins: builtinPlugins, recipient: await makeRecipient() });
  const [data, into] = [join(r.folder, 'data'), join(r.folder, 'into')];
  makeTree(data);
  execFileSync('touch', ['-d', '@1234567890.123456789', 'file'], { cwd: data });
  const source = r.files({ paths: [data] });
  assert.equal((await r.run({ source })).verdict, 'ok');
  const restored = await restore(r, source, into);
  assert.deepEqual(restored.skipped, []);
  await withSnapshot(
    r,
    async (_, unlocked) => {
      const found = async (folder: string) => {
        const differences: string[] = [];
        const find = (object: string, { message }: { message: string }) => differences.push(`${object}: ${message}`);
        const compared = await compareRestored(unlocked, { folder, notSet: restored.notSet, find });
        assert.equal(compared, 9);
        return differences;
      };
      assert.deepEqual(await found(into), []);
      for (const [says, command] of changes) {
        const copy = join(r.folder, 'copy');
        execFileSync('cp', ['-a', '--sparse=always', into, copy]);
        assert.deepEqual(await found(copy), [], 'the copy');
        execFileSync('sh', ['-c', command], { cwd: copy, stdio: 'ignore' });
        const differences = await found(copy);
        assert.ok(
          differences.some((line) => says.test(line)),
          `${command}: ${differences.join('\n') || 'nothing found'}`,
        );
        execFileSync('rm', ['-r', copy]);
      }
    },
    { source: 'files' },
  );
});
