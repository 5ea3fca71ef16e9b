import type { TreeRecord } from '../repository/tree.ts';
import type { SnapshotChange } from './snapshot-difference.ts';

/** What a comparison found, added up: entries of trees and streams, and bytes of files and streams. */
export class DifferenceTotals {
  readonly added = { entries: 0, bytes: 0 };
  readonly removed = { entries: 0, bytes: 0 };
  /** Not in the later one, which skipped them: whether they were still there nobody knows. */
  readonly skipped = { entries: 0, bytes: 0 };
  readonly changed = { entries: 0, bytesBefore: 0, bytesAfter: 0 };
  /** How many of those that changed may have the same content. */
  unknown = 0;

  add(found: SnapshotChange): void {
    if ('stream' in found) {
      const { stream } = found;
      if (stream.change === 'added') this.#add(stream.sizeAfter);
      else if (stream.change === 'removed') this.#remove(stream.sizeBefore);
      else if (stream.change === 'unknown') this.#skip(stream.sizeBefore);
      else this.#change(stream.sizeBefore, stream.sizeAfter, stream.content === 'unknown');
      return;
    }
    const { entry } = found;
    if (entry.change === 'added') this.#add(bytesOf(entry.after));
    else if (entry.change === 'removed') this.#remove(bytesOf(entry.before));
    else if (entry.change === 'unknown') this.#skip(bytesOf(entry.before));
    else this.#change(bytesOf(entry.before), bytesOf(entry.after), entry.difference.contentUnknown);
  }

  #add(bytes: number): void {
    this.added.entries++;
    this.added.bytes += bytes;
  }

  #remove(bytes: number): void {
    this.removed.entries++;
    this.removed.bytes += bytes;
  }

  #skip(bytes: number): void {
    this.skipped.entries++;
    this.skipped.bytes += bytes;
  }

  #change(before: number, after: number, unknown: boolean): void {
    this.changed.entries++;
    this.changed.bytesBefore += before;
    this.changed.bytesAfter += after;
    if (unknown) this.unknown++;
  }
}

function bytesOf(record: TreeRecord): number {
  return record.kind === 'file' ? record.size : 0;
}
