import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { RunReport } from '../../agent/engine/run-report.ts';
import type { RestoreReport } from '../../agent/recovery/restore.ts';
import { assertSameContent } from './difference.ts';
import { Machine } from './machine.ts';
import { assertExit } from './program.ts';

const FILES = 12_000;
const BYTES = 3000;

/** Small files, of which one in twelve is a copy of one anywhere: so their content lies all over the repository. */
function makeScattered(folder: string): void {
  const contents: Buffer[] = [];
  for (let i = 0; i < FILES; i++) {
    const copied = i % 12 === 11 ? contents[Math.floor((i * 7919) % contents.length)] : undefined;
    const content = copied ?? randomBytes(BYTES);
    if (copied === undefined) contents.push(content);
    const file = join(folder, `${Math.floor(i / 15) % 31}`, `${Math.floor(i / 15)}`, `${i}`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

test('small files whose content is scattered are restored without opening the same frames again and again', async (t) => {
  await using machine = await Machine.create();
  makeScattered(machine.data);
  const { runs } = await machine.ask<{ runs: readonly RunReport[] }>(['run']);
  const stored = runs[0]?.totals.newBytes ?? assert.fail();
  const into = machine.place('restored');
  const { fetchedBytes } = await machine.ask<RestoreReport>(['restore', 'files', '--into', into]);
  t.diagnostic(`${(fetchedBytes / stored).toFixed(2)} × of what is stored was fetched`);
  assert.ok(fetchedBytes < 4 * stored, `${fetchedBytes} bytes of ${stored}`);
  assertSameContent(machine.data, into);
  // Where a process may have few descriptors, fewer folders are held.
  const few = machine.place('few');
  assertExit(await machine.call(['restore', 'files', '--into', few], { through: ['prlimit', '--nofile=256:256'] }), 0);
  assertSameContent(machine.data, few);
});
