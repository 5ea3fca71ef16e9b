/** A power cut takes what the host itself remembers, too: its keys, its catalog, its locks. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compileLibrary, withoutCompiler } from '../shared-library.ts';

const TESTS = fileURLToPath(new URL('./host-power-cuts.fixture.ts', import.meta.url));

/** SQLite writes by calls that nothing in JavaScript sees: so they are recorded in a process that begins with a library that does. */
test('the power goes on a host, in a process whose system calls are recorded', { skip: withoutCompiler }, async (t) => {
  assert.equal(process.env['UV_USE_IO_URING'], undefined, 'io_uring makes calls that no library sees');
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-recording-'));
  try {
    const library = compileLibrary(new URL('./recording-calls.c', import.meta.url), folder);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const args = process.execArgv.filter((arg) => !arg.startsWith('--test'));
    const child = spawn(process.execPath, [...args, '--test-reporter=spec', TESTS], {
      env: { ...env, LD_PRELOAD: library },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    const [exit] = await once(child, 'close');
    for (const line of said.split('\n').filter((line) => /^[✔✖]|^ℹ .*\d{2}/.test(line))) t.diagnostic(line);
    assert.equal(exit, 0, said);
    assert.match(said, /ℹ pass 4\n/, said);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
