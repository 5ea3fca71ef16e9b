import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Json, Target } from 'holdfast/plugin';
import { lendHost } from '../kit/host.ts';
import { collect, sha256 } from '../kit/samples.ts';
import { type ConformanceCheck, notOffered } from '../kit/suite.ts';
import { keys, type TargetHarness } from './target-harness.ts';

export const interruptionCheck: ConformanceCheck<TargetHarness> = {
  name: 'killed in the middle of a put',
  holds:
    'A process that dies in the middle of a put leaves nothing under its key and nothing that list shows, and loses nothing whose put had resolved.',
  async run({ plugin, module, place }) {
    if (module === undefined) return notOffered('a place outside the process');
    await using own = await place();
    let whole = 0;
    for (const waitMs of [0, 2, 5, 9, 14]) {
      const announced = await killedWriter(module, own.options, waitMs);
      await using host = await lendHost();
      await using target = await plugin.open(own.options, host);
      whole += await assertWhole(target, announced);
    }
    return { rounds: 5, whole };
  },
};

/** Lets a writer begin its second put, kills it `waitMs` later, and returns the digests it announced. */
async function killedWriter(module: string, options: Json, waitMs: number): Promise<readonly string[]> {
  // Its temporary files go where ours are removed: it will have no time to do so.
  await using host = await lendHost();
  const child = startWriter(module, options, host.scratchDir);
  const complaints: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => complaints.push(text));
  const exited = once(child, 'exit');
  const announced: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    announced.push(line);
    if (announced.length !== 2) continue;
    if (waitMs > 0) await after(waitMs);
    child.kill('SIGKILL');
  }
  await exited;
  assert.ok(announced.length >= 2, `the writing process ended by itself: ${complaints.join('')}`);
  return announced;
}

function startWriter(module: string, options: Json, TMPDIR: string): ChildProcessByStdio<null, Readable, Readable> {
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  const program = fileURLToPath(new URL(`./target-writer.${extension}`, import.meta.url));
  return spawn(process.execPath, [...process.execArgv, program, module, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR },
  });
}

/** Checks all that a killed writer left, and returns how many objects there are. */
async function assertWhole(target: Target, announced: readonly string[]): Promise<number> {
  const found = await keys(target);
  for (const key of found) {
    const digest = sha256(await collect(target.get(key)));
    assert.equal(key, `packs/${digest}`, `list shows ${key}, which holds a body of SHA-256 ${digest}`);
  }
  for (const digest of announced.slice(0, -1)) {
    assert.ok(found.includes(`packs/${digest}`), `packs/${digest}: its put had resolved, and it is not there`);
  }
  return found.length;
}
