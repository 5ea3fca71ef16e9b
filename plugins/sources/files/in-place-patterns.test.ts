import assert from 'node:assert/strict';
import { promises as fs } from 'node:fs';
import { test } from 'node:test';
import { codes, holding, Protected } from './protected.fixture.ts';

const options = { excludeFiles: ['.ignore'] };
const signature = 'Signature: 8a477f597d28d172789f06886806bc55';

/** Restores with --delete until nothing is left to do, as somebody does who repeats the command, and says what stands then. */
async function repeated(it: Protected): Promise<{ left: string[]; skipped: string[] }> {
  let skipped: string[] = [];
  for (const _ of 'three times') skipped = codes((await it.restore({ delete: true })).restored);
  const left = await fs.readdir(it.folder, { recursive: true });
  return { left: left.sort(), skipped };
}

test('a file of patterns that excludes something today stays, and so does what it excludes', async () => {
  await using it = await Protected.create(holding({ '.ignore': 'x\n', a: '1', 'sub/b': '2' }), options);
  await holding({ '.ignore': 'secret\n', secret: 'mine', 'sub/secret': 'mine', more: 'not excluded' })(it.folder);
  assert.deepEqual(await repeated(it), {
    left: ['.ignore', 'a', 'secret', 'sub', 'sub/b', 'sub/secret'],
    skipped: ['.ignore RESTORE_PATTERNS'],
  });
  assert.equal(await fs.readFile(it.at('.ignore'), 'utf8'), 'secret\n');
  await it.restore({ select: ['/.ignore'] });
  assert.equal(await fs.readFile(it.at('.ignore'), 'utf8'), 'x\n', 'asked for by its path, it comes back');
});

test('one that the snapshot does not have stays too, unless all of its folder goes', async () => {
  await using it = await Protected.create(holding({ 'a/one': '1' }), options);
  await holding({
    'a/.ignore': 'secret\n',
    'a/secret': 'mine',
    'new/.ignore': 'secret\n',
    'new/secret': 'mine',
    'new/more': '',
    'gone/.ignore': 'secret\n',
    'gone/x/y': '',
  })(it.folder);
  assert.deepEqual(await repeated(it), {
    left: ['a', 'a/.ignore', 'a/one', 'a/secret', 'new', 'new/.ignore', 'new/secret'],
    skipped: ['a/.ignore RESTORE_PATTERNS', 'new/.ignore RESTORE_PATTERNS'],
  });
});

test('one that would take back what is excluded today is not put there; another is', async () => {
  const files = { '.ignore': '*.log\n', 'a/.ignore': '!kept.log\n', 'b/.ignore': '*.tmp\n', 'a/x': '', 'b/x': '' };
  await using it = await Protected.create(holding(files), options);
  await fs.rm(it.at('a/.ignore'));
  await fs.rm(it.at('b/.ignore'));
  await holding({ 'a/kept.log': 'mine', 'b/new.log': 'mine' })(it.folder);
  assert.deepEqual(await repeated(it), {
    left: ['.ignore', 'a', 'a/kept.log', 'a/x', 'b', 'b/.ignore', 'b/new.log', 'b/x'],
    skipped: ['a/.ignore RESTORE_PATTERNS'],
  });
});

test('one that is gone, and was another name of a file, still says what was left out', async () => {
  await using it = await Protected.create(async (folder) => {
    await holding({ '.a-template': 'secret\n', 'sub/x': '', 'sub/secret': 'left out' })(folder);
    await fs.link(`${folder}/.a-template`, `${folder}/sub/.ignore`);
  }, options);
  await fs.rm(it.at('sub/.ignore'));
  const { told } = await it.restore({ delete: true, only: 'plan' });
  assert.deepEqual(told, ['attributes sub time', 'make sub/.ignore'], 'sub/secret is not shown to be removed');
  const { left, skipped } = await repeated(it);
  assert.deepEqual(left, ['.a-template', 'sub', 'sub/.ignore', 'sub/secret', 'sub/x']);
  assert.deepEqual(skipped, []);
});

test('a file of patterns is not replaced by a folder or a link, nor through another name of it', async () => {
  await using it = await Protected.create(
    async (folder) => {
      await holding({ 'a/.ignore/x': '1', 'b/x': '2', 'c/x': 'x\n' })(folder);
      await fs.symlink('x', `${folder}/b/.ignore`);
      await fs.link(`${folder}/c/x`, `${folder}/c/.ignore`);
    },
    { excludeFiles: ['.ignore'], exclude: [] },
  );
  for (const name of ['a', 'b', 'c']) {
    await fs.rm(it.at(`${name}/.ignore`), { recursive: true });
    await holding({ [`${name}/.ignore`]: 'secret\n', [`${name}/secret`]: 'mine' })(it.folder);
  }
  const { left, skipped } = await repeated(it);
  assert.deepEqual(
    left.filter((path) => path.endsWith('secret')),
    ['a/secret', 'b/secret', 'c/secret'],
  );
  assert.deepEqual(
    skipped.sort(),
    ['a', 'b', 'c'].map((name) => `${name}/.ignore RESTORE_PATTERNS`),
  );
});

test('what lies in a folder that is left out today is not looked at, whatever is said in it', async () => {
  const files = { 'build/sub/x': '1', 'cache/sub/x': '1', 'cache/CACHEDIR.TAG': 'none' };
  await using it = await Protected.create(holding(files), { ...options, excludeCaches: true });
  await holding({
    '.ignore': 'build/\n',
    'build/.ignore': '!mine\n',
    'build/mine': 'mine',
    'build/sub/mine': 'mine',
    'cache/CACHEDIR.TAG': signature,
    'cache/mine': 'mine',
    'cache/sub/mine': 'mine',
  })(it.folder);
  const { left, skipped } = await repeated(it);
  const mine = ['build/mine', 'build/sub/mine', 'cache/mine', 'cache/sub/mine'];
  assert.deepEqual(
    left.filter((path) => path.endsWith('mine')),
    mine,
  );
  assert.deepEqual(skipped.sort(), ['.ignore RESTORE_PATTERNS', 'cache/CACHEDIR.TAG RESTORE_PATTERNS']);
});
