import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { Change } from './disk.ts';

const KINDS = {
  c: 'create',
  u: 'unlink',
  m: 'mkdir',
  l: 'link',
  r: 'rename',
  w: 'write',
  t: 'truncate',
  s: 'sync',
} as const;
const HEAD_BYTES = 21;

/** A change, and what the record was as long as when it was in it. Bytes. */
export interface RecordedChange {
  readonly change: Change;
  readonly end: number;
}

/** What recording-calls.c, which is preloaded into this very process, or one that it starts, writes down of it. */
export class RecordedCalls implements Disposable {
  readonly #file: string;
  /** What a process is to be started with that is recorded in place of this one. */
  readonly environment: Readonly<Record<string, string>>;

  /** `file`: where the record is kept, outside of the folders. `folders` by their real names. */
  constructor(file: string, folders: readonly string[]) {
    rmSync(file, { force: true });
    this.#file = file;
    this.environment = { HOLDFAST_TEST_RECORD_TO: file, HOLDFAST_TEST_RECORD_BELOW: folders.join(':') };
    Object.assign(process.env, this.environment);
  }

  /** Of the record so far, in bytes. */
  get length(): number {
    return existsSync(this.#file) ? statSync(this.#file).size : 0;
  }

  changes(): RecordedChange[] {
    const record = readFileSync(this.#file);
    const changes: RecordedChange[] = [];
    for (let end = 0; end < record.length; ) {
      const [kind, at] = [record.toString('latin1', end, end + 1), Number(record.readBigUInt64LE(end + 13))];
      const [path = 0, from = 0, length = 0] = [1, 5, 9].map((offset) => record.readUInt32LE(end + offset));
      const start = end + HEAD_BYTES;
      end = start + path + from + length;
      const names = {
        path: record.toString('utf8', start, start + path),
        from: record.toString('utf8', start + path, start + path + from),
      };
      changes.push({
        change: changeOf(kind, names, { nth: changes.length, at, bytes: record.subarray(end - length, end) }),
        end,
      });
    }
    return changes;
  }

  /** Nothing is recorded from here on. */
  [Symbol.dispose](): void {
    delete process.env['HOLDFAST_TEST_RECORD_BELOW'];
  }
}

function changeOf(
  letter: string,
  { path, from }: { readonly path: string; readonly from: string },
  { nth, at, bytes }: { readonly nth: number; readonly at: number; readonly bytes: Uint8Array },
): Change {
  const kind = Object.entries(KINDS).find(([one]) => one === letter)?.[1] ?? assert.fail(`${letter} is no call`);
  if (kind === 'write') return { kind, path, at, bytes };
  if (kind === 'truncate') return { kind, path, length: at };
  if (kind === 'sync') return { kind, path, upTo: nth };
  return kind === 'link' || kind === 'rename' ? { kind, path, from } : { kind, path };
}
