import type { PageRef, SnapshotBody } from '../repository/snapshot.ts';

/** One object for each page of many snapshots, most of which have most of their pages in common. */
export class PagePool {
  readonly #pages = new Map<string, PageRef>();

  /** The same body, which keeps nothing of the snapshot that it was decoded from. */
  share(body: SnapshotBody): SnapshotBody {
    const artifacts = body.artifacts.map((artifact) => ({
      ...artifact,
      pages: artifact.pages.map((page) => this.#shared(page)),
    }));
    return { ...body, artifacts };
  }

  #shared({ id, length, first }: PageRef): PageRef {
    const name = Buffer.from(id.buffer, id.byteOffset, id.length).toString('latin1');
    const known = this.#pages.get(name);
    // A page says where it begins: in another place, or of another length, it would be none.
    if (known?.length === length && Buffer.compare(known.first, first) === 0) return known;
    const page = { id: id.slice(), length, first: first.slice() };
    this.#pages.set(name, page);
    return page;
  }
}
