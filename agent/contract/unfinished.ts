const SHAPE = /^\.holdfast-[0-9a-f]{16}$/;

/**
 * A name for what is being restored and not whole yet: it lies beside its place under this name, and gets its own when nothing is
 * missing any more. So whatever ends a restore, what stands under a stored name is whole. A restore that enters a folder
 * removes what earlier ones left there under such names.
 */
export function unfinishedName(): string {
  const random = crypto.getRandomValues(new Uint8Array(8));
  return `.holdfast-${Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** Whether `unfinishedName` makes such names. */
export function isUnfinished(name: string): boolean {
  return SHAPE.test(name);
}
