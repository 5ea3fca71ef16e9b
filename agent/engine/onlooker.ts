import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/**
 * Who looks at files: a number that is another one when somebody else does, or with other rights. Some attributes (`trusted.*`) are shown
 * only to whoever may administer the system: xattr(7).
 */
export function onlooker(): number {
  const number = crc32(`${process.geteuid?.()} ${capabilities()}`);
  return number === 0 ? 1 : number;
}

/** Effective ones; proc_pid_status(5). Empty where the system has none. */
function capabilities(): string {
  if (process.platform !== 'linux') return '';
  return /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
}
