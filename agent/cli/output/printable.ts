import { printable, printablePath } from '../../contract/index.ts';

export { printable, printablePath };

/** The pattern that means this path and no other. */
export function exactly(path: Uint8Array): string {
  return `/${printablePath(path).replace(/[*?[]/g, '\\$&')}`;
}
