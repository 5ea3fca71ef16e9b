import type { Failure, Origin } from '../contract/index.ts';
import type { Value } from './encoding.ts';
import { ID_BYTES, MAX_FRAME_BYTES } from './frame.ts';
import { isMap, jsonOf, listOf, type Refuse, splitRecord } from './record-fields.ts';
import { type ArtifactSummary, kindOf } from './snapshot-header.ts';
import { CHUNK_REF_BYTES } from './tree.ts';
import { compareTreeOrder, isTreePath } from './tree-order.ts';

/** A chunk that holds a page. `first` is the path of its first entry, or the offset of its first byte (u64, big-endian). */
export interface PageRef {
  readonly id: Uint8Array;
  readonly length: number;
  readonly first: Uint8Array;
}

/** The content of an artifact. Pages of a tree hold entries; those of a stream hold n × 36 bytes of chunks. */
export interface ArtifactBody {
  readonly name: string;
  readonly kind: 'bytes' | 'tree';
  readonly size: number;
  readonly pages: readonly PageRef[];
}

/** What of a snapshot only those who can decrypt may know. */
export interface SnapshotBody {
  readonly artifacts: readonly ArtifactBody[];
  readonly skipped: readonly { readonly what: string; readonly failure: Failure }[];
}

const ORIGINS: readonly Origin[] = ['source', 'repository', 'target', 'policy', 'key', 'agent'];

export function bodyValue(body: SnapshotBody): Value {
  return {
    artifacts: body.artifacts.map(({ name, kind, size, pages }) => ({
      name,
      kind,
      size,
      // A list, because a large tree has thousands: [id, length, first].
      pages: pages.map(({ id, length, first }) => [id, length, first]),
    })),
    skipped: body.skipped.map(({ what, failure }) => ({ what, failure: { ...failure } })),
  };
}

/** Takes a body out of decoded CBOR; `refuse` when it is none, or is not that of a snapshot with these `artifacts`. */
export function bodyOf(value: Value, artifacts: readonly ArtifactSummary[], refuse: Refuse): SnapshotBody {
  const { record, raw } = splitRecord(value, ['artifacts', 'skipped'], refuse);
  record.end();
  const body: SnapshotBody = {
    artifacts: listOf(raw.artifacts, refuse).map((item) => artifactOf(item, refuse)),
    skipped: listOf(raw.skipped, refuse).map((item) => skippedOf(item, refuse)),
  };
  const same = body.artifacts.length === artifacts.length && artifacts.every((a, i) => isSame(a, body.artifacts[i]));
  return same ? body : refuse('header and body name different artifacts');
}

function isSame(a: ArtifactSummary, b: ArtifactBody | undefined): boolean {
  return a.name === b?.name && a.kind === b.kind && a.size === b.size;
}

function artifactOf(value: Value, refuse: Refuse): ArtifactBody {
  const { record, raw } = splitRecord(value, ['pages'], refuse);
  const name = record.text('name');
  const kind = kindOf(record.text('kind'), refuse);
  const size = record.number('size');
  record.end();
  const pages = listOf(raw.pages, refuse).map((item) => pageOf(item, refuse));
  if (kind === 'tree') checkTree(pages, refuse);
  else checkBytes(pages, size, refuse);
  return { name, kind, size, pages };
}

function pageOf(value: Value, refuse: Refuse): PageRef {
  const fields = listOf(value, refuse);
  const [id, length, first] = fields;
  const known = id instanceof Uint8Array && typeof length === 'number' && first instanceof Uint8Array;
  if (!known || fields.length !== 3 || id.length !== ID_BYTES) return refuse('a page is not named as a page is');
  if (!Number.isInteger(length) || length < 1 || length > MAX_FRAME_BYTES)
    return refuse('a page has an impossible length');
  return { id, length, first };
}

function checkTree(pages: readonly PageRef[], refuse: Refuse): void {
  pages.forEach(({ first }, i) => {
    const previous = pages[i - 1]?.first;
    const ordered = previous === undefined || compareTreeOrder(previous, first) < 0;
    if (!isTreePath(first) || !ordered) refuse('the pages of a tree are not in order');
  });
}

function checkBytes(pages: readonly PageRef[], size: number, refuse: Refuse): void {
  if ((size === 0) !== (pages.length === 0)) refuse('a stream has no pages, or pages without bytes');
  let last = -1;
  for (const { first, length } of pages) {
    if (first.length !== 8 || length % CHUNK_REF_BYTES !== 0) refuse('a page of a stream is not one');
    const offset = Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0));
    if (last === -1 ? offset !== 0 : offset <= last) refuse('the pages of a stream are not in order');
    if (offset >= size) refuse('a page of a stream lies behind its end');
    last = offset;
  }
}

function skippedOf(value: Value, refuse: Refuse): SnapshotBody['skipped'][number] {
  const { record, raw } = splitRecord(value, ['failure'], refuse);
  const what = record.text('what');
  record.end();
  return { what, failure: failureOf(raw.failure, refuse) };
}

/** `hint` and `detail` may be missing. */
function failureOf(value: Value, refuse: Refuse): Failure {
  if (!isMap(value)) return refuse('a failure is malformed');
  const { hint, detail, ...required } = value;
  const { record, raw } = splitRecord(required, ['permanent'], refuse);
  const [code, message, from] = [record.text('code'), record.text('message'), record.text('origin')];
  record.end();
  const origin = ORIGINS.find((one) => one === from) ?? refuse('a failure comes from nowhere');
  if (typeof raw.permanent !== 'boolean') return refuse('a failure is malformed');
  const failure: Failure = { code, message, origin, permanent: raw.permanent };
  return {
    ...failure,
    ...(hint === undefined ? {} : { hint: typeof hint === 'string' ? hint : refuse('a hint is no text') }),
    ...(detail === undefined ? {} : { detail: jsonOf(detail, refuse) }),
  };
}
