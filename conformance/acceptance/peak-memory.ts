/**
 * Loaded into a child with `--import`: writes the most memory it ever had resident, in bytes, to the file that
 * HOLDFAST_TEST_PEAK names. VmHWM (proc(5)) and not getrusage's maximum, which a child inherits from whoever started it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env['HOLDFAST_TEST_PEAK'];

if (isMainThread && file !== undefined) {
  process.on('exit', () => {
    const [, kibibytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    writeFileSync(file, String(Number(kibibytes) * 1024));
  });
}
