/**
 * What Node has no functions for: `import … from 'holdfast/system'`. The one place that knows the C library and the tools that stand
 * in for it.
 */
export { openExtras } from './extras.ts';
export { nearly, setLinkTimes, setTimes } from './file-times.ts';
export { Holes, type Stretch } from './holes.ts';
export { dressFile, type FileToDress } from './inode-attributes.ts';
export * from './inode-extras.ts';
export { flagLetters, INODE_FLAGS, KEPT_FLAGS, LOCKING_FLAGS } from './inode-flags.ts';
export { lockInode, locksOf, unlockInode } from './inode-locks.ts';
export {
  CAPABILITY,
  type InodeRight,
  lostWithOwner,
  type Refused,
  refusal,
  setMode,
  setOwner,
  withoutRights,
} from './inode-rights.ts';
export { PATH_MAX, type ReachedPath, reachPath } from './long-path.ts';
export { errnoOf, SystemCallError } from './system-call-error.ts';
export { removeTree } from './tree-removal.ts';
export { setXattrs, type UnsetXattr } from './xattr-setting.ts';
