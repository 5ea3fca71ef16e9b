import { createHash } from 'node:crypto';

const SHAPE = /^\.holdfast-([0-9a-f]{16})-([0-9a-f]{16})$/;

/**
 * A name for what is being restored and not whole yet: it lies beside its place under this name, and gets its own when nothing is
 * missing any more. So whatever ends a restore, what stands under a stored name is whole. A restore that enters a folder
 * removes what earlier ones left there under such names.
 *
 * `folder`: the inode number of the folder that it lies in. Its second half follows from that and the first half: it is told
 * from a file that somebody gave such a name, or moved or copied there, as soon as it exists, also when it is empty.
 */
export function unfinishedName(folder: bigint): string {
  const random = crypto.getRandomValues(new Uint8Array(8));
  const first = Buffer.from(random).toString('hex');
  return `.holdfast-${first}-${secondHalf(first, folder)}`;
}

/** Whether `unfinishedName` made this name for this folder. */
export function isUnfinished(name: string, folder: bigint): boolean {
  const [, first, second] = SHAPE.exec(name) ?? [];
  return first !== undefined && second === secondHalf(first, folder);
}

/** Whether `unfinishedName` makes such names for some folder: enough to pass over them, and not to remove one. */
export function looksUnfinished(name: string): boolean {
  return SHAPE.test(name);
}

function secondHalf(first: string, folder: bigint): string {
  return createHash('sha256').update(`holdfast unfinished\0${folder}\0${first}`).digest('hex').slice(0, 16);
}
