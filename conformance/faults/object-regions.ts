/** A stretch of bytes of an object that has a meaning of its own in FORMAT.md. `to` is behind its last byte. */
export interface Region {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export type ObjectKind =
  | 'marker'
  | 'writer'
  | 'approval'
  | 'epoch'
  | 'pack'
  | 'index'
  | 'snapshot'
  | 'session'
  | 'removal'
  | 'check';

export function kindOf(key: string): ObjectKind {
  if (key === 'repository') return 'marker';
  if (key.startsWith('keys/writers/')) return 'writer';
  if (key.startsWith('keys/approvals/')) return 'approval';
  if (key.startsWith('keys/epochs/')) return 'epoch';
  if (key.startsWith('packs/')) return 'pack';
  if (key.startsWith('indexes/')) return 'index';
  if (key.startsWith('removals/')) return 'removal';
  if (key.startsWith('checks/')) return 'check';
  return key.startsWith('sessions/') ? 'session' : 'snapshot';
}

/** Names stretches one behind the other. */
class Cursor {
  readonly regions: Region[] = [];
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next `length` bytes; to the end of the object, less `-length`, when it is not positive. */
  take(name: string, length: number): this {
    const to = length > 0 ? this.at + length : this.#bytes.length + length;
    if (to > this.at) this.regions.push({ name, from: this.at, to });
    this.at = to;
    return this;
  }

  header(): this {
    return this.take('magic', 4).take('type', 1).take('version', 1).take('suite', 1).take('reserved', 1);
  }

  /** A u32, and as many bytes behind it, of which `parts` names the beginning. */
  prefixed(name: string, parts: readonly (readonly [string, number])[] = []): this {
    const length = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.at, 4).getUint32(0, true);
    this.take(`${name} length`, 4);
    const end = this.at + length;
    for (const [part, size] of parts) this.take(`${name} ${part}`, size);
    return this.take(name, end - this.at);
  }

  birth(): this {
    return this.take('birth salt', 32)
      .take('birth epoch', 16)
      .take('birth enc', 32)
      .take('birth sealed key', 48)
      .take('birth commitment', 32);
  }
}

/** The regions of a whole object, in the order of their bytes, without gaps (FORMAT.md, 4 and 7 to 13). */
export function regionsOf(kind: ObjectKind, bytes: Uint8Array): readonly Region[] {
  const cursor = new Cursor(bytes).header();
  switch (kind) {
    case 'marker':
      return cursor.take('record', 0).regions;
    case 'writer':
    case 'epoch':
    case 'session':
    case 'removal':
    case 'check':
      return cursor.take('record', -64).take('signature', 0).regions;
    case 'approval':
      return cursor.prefixed('record').take('signature', 0).regions;
    case 'index':
      return cursor.take('salt', 32).take('key check', 8).take('entries', -16).take('tag', 0).regions;
    case 'snapshot':
      return cursor
        .prefixed('header record')
        .prefixed('references', [
          ['salt', 32],
          ['key check', 8],
        ])
        .birth()
        .prefixed('body')
        .take('signature', 0).regions;
    case 'pack': {
      const table = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 16, 4).getUint32(0, true);
      return cursor
        .take('frames', -(table + 16))
        .take('table salt', 32)
        .take('table key check', 8)
        .take('table', -32)
        .take('table tag', -16)
        .take('trailer table length', 4)
        .take('trailer pack length', 4)
        .take('trailer check', 4)
        .take('trailer magic', 0).regions;
    }
  }
}
