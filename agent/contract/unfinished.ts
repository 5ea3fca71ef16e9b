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
  const first = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
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

/** FNV-1a of 64 bits (RFC 9923): against chance and mistakes. Whoever wants a file of theirs removed can remove it. */
function secondHalf(first: string, folder: bigint): string {
  let hash = 0xcbf29ce484222325n;
  for (const character of `holdfast unfinished\0${folder}\0${first}`)
    hash = BigInt.asUintN(64, (hash ^ BigInt(character.charCodeAt(0))) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}
