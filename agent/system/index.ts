/**
 * What Node has no functions for: `import … from 'holdfast/system'`. The one place that knows the C library and the tools that stand
 * in for it.
 */
export { openExtras } from './extras.ts';
export * from './inode-extras.ts';
export { flagLetters, INODE_FLAGS, KEPT_FLAGS, LOCKING_FLAGS } from './inode-flags.ts';
export { errnoOf, SystemCallError } from './system-call-error.ts';
