import { readFileSync } from 'node:fs';

/** Where the system does not say: what processes could always have; getrlimit(2). */
const ALWAYS = 1024;

/** How many descriptors this process may have. */
export function descriptorLimit(): number {
  try {
    // proc_pid_limits(5): the soft limit comes first.
    const [, soft] = /^Max open files +(\d+) /m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return soft === undefined ? ALWAYS : Number(soft);
  } catch {
    return ALWAYS; // no Linux, or no /proc
  }
}
