import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { processIdentity } from '../catalog/process-identity.ts';
import { makeScratchFolder } from './scratch.ts';

test('folders of processes that have ended are removed, those of running ones stay', async () => {
  const state = mkdtempSync(join(tmpdir(), 'holdfast-scratch-'));
  try {
    const own = basename(await makeScratchFolder(state));
    const { pid } = spawnSync('true');
    // The same number, of a process that started at another time; and a number that nobody has.
    const [number, started, boot] = (processIdentity() ?? '').split(' ');
    const gone = [`run-${pid}_1_${boot}-abcdef`, `run-${number}_${Number(started) - 1}_${boot}-abcdef`];
    const other = `run-${(processIdentity(process.ppid) ?? '').replaceAll(' ', '_')}-abcdef`;
    for (const name of [...gone, other, 'of-somebody']) {
      mkdirSync(join(state, 'scratch', name));
      writeFileSync(join(state, 'scratch', name, 'content'), '');
    }
    const next = basename(await makeScratchFolder(state));
    assert.deepEqual(readdirSync(join(state, 'scratch')).sort(), [own, next, other, 'of-somebody'].sort());
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
});
