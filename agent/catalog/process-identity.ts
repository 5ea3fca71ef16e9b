import { readFileSync } from 'node:fs';

/**
 * Names a process so that a later one can tell whether it still runs: boot id, process id and start time where the system
 * has /proc, since process ids are used again. Another container's processes count as ended.
 */
export function processIdentity(pid: number = process.pid): string | undefined {
  const boot = readOr('/proc/sys/kernel/random/boot_id')?.trim();
  if (boot === undefined) return isAlive(pid) ? `${pid}` : undefined;
  const stat = readOr(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // proc_pid_stat(5): the second field, the command in parentheses, may hold anything; start time is the 22nd.
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return `${pid} ${started} ${boot}`;
}

/** Whether the process that `identity` was taken of still runs. */
export function isRunning(identity: string): boolean {
  return processIdentity(Number.parseInt(identity, 10)) === identity;
}

function readOr(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
}
