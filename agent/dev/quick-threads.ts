/**
 * Imported for its effect before each test file: worker threads load the sources as the program does, Node stripping their types, and
 * keep what was compiled. Much of what tests do is to start them: the loader of the tests would take three times as long for each.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { Worker, WorkerOptions } from 'node:worker_threads';

const threads = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker };
const compiled = process.env['HOLDFAST_TEST_COMPILED'];
if (compiled !== undefined) process.env['NODE_COMPILE_CACHE'] ??= compiled;

threads.Worker = class extends threads.Worker {
  constructor(file: string | URL, options: WorkerOptions = {}) {
    super(file, { ...options, execArgv: ['--conditions=source'] });
  }
};
syncBuiltinESMExports();
