import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Checkout } from './checkout.ts';

let root = '';
before(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'holdfast-checkout-')));
  for (const folder of ['repository/.git', 'repository/etc', 'workspace/etc']) {
    await mkdir(path.join(root, folder), { recursive: true });
  }
  await mkdir(path.join(root, 'repository/module'));
  await writeFile(path.join(root, 'repository/module/.git'), 'gitdir: ../.git/modules/module\n');
  await symlink('repository', path.join(root, 'link'));
});
after(() => rm(root, { recursive: true }));

const around = (cwd: string, env: NodeJS.ProcessEnv = {}) => {
  return path.relative(root, Checkout.around(path.join(root, cwd), env).root);
};

test('is the repository around, a worktree or submodule too', () => {
  assert.equal(around('repository/etc'), 'repository');
  assert.equal(around('repository/module'), 'repository/module');
});

test('is the one that the service knows, where that is a repository', () => {
  const workspace = path.join(root, 'link');
  assert.equal(around('repository/module', { GITHUB_WORKSPACE: workspace }), 'repository');
  assert.equal(around('repository/module', { CI_PROJECT_DIR: workspace }), 'repository');
});

test('is the workspace where there is no repository, else the folder itself', () => {
  assert.equal(around('workspace/etc', { GITHUB_WORKSPACE: path.join(root, 'workspace') }), 'workspace');
  assert.equal(around('workspace/etc', { GITHUB_WORKSPACE: path.join(root, 'gone') }), 'workspace/etc');
  assert.equal(around('workspace/etc', { GITHUB_WORKSPACE: 'relative' }), 'workspace/etc');
  assert.equal(around('workspace/etc'), 'workspace/etc');
});

test('knows paths below it, and shows others as they are', () => {
  const checkout = new Checkout('/work');
  assert.equal(checkout.pathOf('/work/etc/holdfast.yaml'), 'etc/holdfast.yaml');
  assert.equal(checkout.pathOf('/work/..holdfast.yaml'), '..holdfast.yaml');
  for (const outside of ['/work', '/', '/workspace/x', '/etc/holdfast.yaml']) {
    assert.equal(checkout.pathOf(outside), undefined, outside);
  }
  assert.equal(checkout.shown('/etc/holdfast.yaml'), '/etc/holdfast.yaml');
  assert.equal(checkout.shown('/work'), '.');
});
