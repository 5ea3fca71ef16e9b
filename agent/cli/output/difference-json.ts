import type { SnapshotChange, StreamChange } from '../../recovery/snapshot-difference.ts';
import type { EntryChange } from '../../recovery/tree-difference.ts';
import { entryJson, namedJson } from './entry-json.ts';

/** One change for a program. `change`: `unknown` of what the later snapshot skipped; it need not be gone. `what`: which aspects changed; `content`: `unknown` where only reading would tell. */
export function differenceJson(found: SnapshotChange): object {
  const { part } = found;
  return 'stream' in found ? { part, ...streamJson(found.stream) } : { part, ...changeJson(found.entry) };
}

function streamJson(stream: StreamChange): object {
  const { change } = stream;
  return {
    kind: 'stream',
    change,
    ...(change === 'changed'
      ? whatJson(stream.content === 'other' ? ['content'] : [], stream.content === 'unknown')
      : {}),
    ...(change === 'added' ? {} : { before: { size: stream.sizeBefore } }),
    ...(change === 'removed' || change === 'unknown' ? {} : { after: { size: stream.sizeAfter } }),
  };
}

function changeJson(entry: EntryChange): object {
  const { change } = entry;
  const { path } = change === 'removed' || change === 'unknown' ? entry.before : entry.after;
  return {
    ...namedJson('path', path),
    change,
    ...(change === 'changed' ? whatJson(entry.difference.aspects, entry.difference.contentUnknown) : {}),
    ...(change === 'added' ? {} : { before: entryJson(entry.before) }),
    ...(change === 'removed' || change === 'unknown' ? {} : { after: entryJson(entry.after) }),
  };
}

export function whatJson(what: readonly string[], contentUnknown: boolean): object {
  return contentUnknown ? { what, content: 'unknown' } : { what };
}
