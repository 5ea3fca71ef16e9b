/** Jobs, sources, targets … have names that can stand in an object's key and in a file name on any system. */
export const NAME_PATTERN = '^[a-z0-9][a-z0-9._-]{0,63}$';
