import { failureOf } from '../contract/index.ts';
import { MARKS_PREFIX, markPrefix, parseMarkKey } from './layout.ts';
import { decodeMark, type Mark } from './mark.ts';
import { isTheEnd, type NamedTarget, type ObjectProblem, Store, type WhenUnread } from './store.ts';
import type { Writers } from './writers.ts';

/** A mark that counts on the target where it lies. */
export interface StoredMark {
  readonly key: string;
  /** Its SHA-256, hex. */
  readonly name: string;
  readonly mark: Mark;
}

/**
 * The marks of a domain, or of all, on a target that trusted writers made for it. One that cannot be believed binds nobody: whoever prunes cannot
 * believe it either. One that is gone when it is read was carried out meanwhile. A target that does not give one
 * ends it, unless it is to be reported like what is damaged.
 */
export async function loadMarks(
  target: NamedTarget,
  writers: Writers,
  domain?: string,
  whenUnread: WhenUnread = 'end',
): Promise<{ readonly marks: readonly StoredMark[]; readonly problems: readonly ObjectProblem[] }> {
  const alone = new Store([target]);
  const publicKeyOf = (writer: string) => (writers.trusts(writer) ? writers.publicKeyOf(writer) : undefined);
  const marks: StoredMark[] = [];
  const problems: ObjectProblem[] = [];
  for (const key of await alone.keys(domain === undefined ? MARKS_PREFIX : markPrefix(domain))) {
    const name = parseMarkKey(key)?.name;
    if (name === undefined) continue;
    try {
      const decode = (bytes: Uint8Array) => decodeMark(bytes, { key, publicKeyOf, repository: writers.repository });
      const mark = await alone.read(key, undefined, decode);
      if (mark.target === target.name) marks.push({ key, name, mark });
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      if (failure.code === 'OBJECT_MISSING') continue;
      if (isTheEnd(failure, whenUnread)) throw error;
      problems.push({ object: key, target: target.name, failure });
    }
  }
  return { marks, problems };
}
