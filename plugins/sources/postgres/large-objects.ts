import { type Bytes, fail } from 'holdfast/plugin';
import type { Session } from './session.ts';

/** So much of a large object is asked for at once; bytes. */
const PIECE = 1 << 20;
/** And the beginnings of so many. */
const BATCH = 64;

/*
 * Stored one after another, in the order of the archive's groups and ascending by oid in each: oid (4 bytes, big-endian), then pieces of (length (4 bytes, big-endian) and so many
 * bytes), ended by a length of 0.
 */

/** All large objects of a database that the session sees. */
export function readLargeObjects(session: Session, oids: readonly string[]): Bytes {
  return pieces();
  async function* pieces(): Bytes {
    for (let at = 0; at < oids.length; at += BATCH) {
      const some = oids.slice(at, at + BATCH);
      const begun = await session.rows<{ oid: string; piece: Buffer }>(
        `SELECT oid::text AS oid, pg_catalog.lo_get(oid, 0, ${PIECE}) AS piece FROM unnest($1::oid[]) WITH ORDINALITY AS of(oid, i) ORDER BY i`,
        [some],
      );
      for (const { oid, piece } of begun) {
        yield uint32(Number(oid));
        yield* framed(piece);
        for (let offset = PIECE, last = piece; last.length === PIECE; offset += PIECE) {
          const sql = `SELECT pg_catalog.lo_get($1::oid, $2::bigint, ${PIECE}) AS piece`;
          last = (await session.row<{ piece: Buffer }>(sql, [oid, offset])).piece;
          yield* framed(last);
        }
        yield uint32(0);
      }
    }
  }
}

/** Their oids, ascending. */
export async function largeObjectOids(session: Session): Promise<string[]> {
  const rows = await session.rows<{ oid: string }>(
    'SELECT oid::text AS oid FROM pg_catalog.pg_largeobject_metadata ORDER BY pg_largeobject_metadata.oid',
  );
  return rows.map(({ oid }) => oid);
}

export interface LargeObject {
  readonly oid: number;
  /** Must be read to its end before the next one is asked for. */
  readonly pieces: Bytes;
}

/** The large objects of a stored stream. Fails with `LARGE_OBJECTS_INVALID` when it is none. */
export async function* storedLargeObjects(data: Bytes): AsyncGenerator<LargeObject> {
  const source = new ByteSource(data);
  for (;;) {
    const first = await source.take(4, true);
    if (first === undefined) return;
    async function* pieces(): Bytes {
      for (;;) {
        const length = (await source.need(4)).readUInt32BE();
        if (length === 0) return;
        if (length > PIECE) invalid();
        yield await source.need(length);
      }
    }
    yield { oid: first.readUInt32BE(), pieces: pieces() };
  }
}

function* framed(piece: Buffer): Iterable<Uint8Array> {
  if (piece.length === 0) return;
  yield uint32(piece.length);
  yield piece;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A stream that is read in amounts of one's own. */
class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(data: Bytes) {
    this.#pieces = data[Symbol.asyncIterator]();
  }

  async need(length: number): Promise<Buffer> {
    return (await this.take(length, false)) ?? invalid();
  }

  /** Undefined when the stream ended where this would begin, if it may. */
  async take(length: number, mayEnd: boolean): Promise<Buffer | undefined> {
    while (this.#held.length < length) {
      const next = await this.#pieces.next();
      if (next.done === true) return mayEnd && this.#held.length === 0 ? undefined : invalid();
      this.#held = this.#held.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.#held, next.value]);
    }
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }
}

function invalid(): never {
  return fail({
    code: 'LARGE_OBJECTS_INVALID',
    message: 'the stored large objects are not what this agent writes',
    origin: 'source',
    permanent: true,
  });
}
