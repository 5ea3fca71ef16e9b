import { failureOf } from '../contract/index.ts';
import { textOfPath } from '../contract/path-text.ts';
import type { ArtifactBody } from '../repository/snapshot.ts';
import type { TreeRecord } from '../repository/tree.ts';
import { readChunks } from './chunk-reading.ts';
import { REF_BYTES } from './frame-source.ts';
import { readRecordsOf, refsOf } from './record-reading.ts';
import { readChunkList } from './stream-reading.ts';
import type { UnlockedSnapshot } from './unlocked-snapshot.ts';

/** A file that damage takes from a snapshot, or a stream (then the path is empty). */
export interface AffectedPath {
  readonly snapshot: string;
  readonly artifact: string;
  /** As text: see `textOfPath`. */
  readonly path: string;
  /** Its names are lost too: nobody knows what stood in the tree from this path on, up to where the next page begins. */
  readonly unread?: true;
}

/** So many are kept: of a repository that is lost as a whole, nobody reads the list. */
const KEPT = 100_000;
const NOWHERE = 'nowhere';

/** Which paths of which snapshots need frames that are damaged or in no pack. */
export class AffectedPaths {
  readonly #damaged = new Set<string>();
  readonly #found = new Map<string, AffectedPath[]>();
  #kept = 0;
  /** How many more there are than are kept. */
  left = 0;

  /** A frame that cannot be opened: the name of its pack, and its number there. */
  damage(pack: string, frame: number): void {
    this.#damaged.add(`${pack}/${frame}`);
  }

  get isEmpty(): boolean {
    return this.#damaged.size === 0;
  }

  /** Of a pack, or of one of its frames. */
  ofPack(pack: string, frame?: number): AffectedPath[] {
    if (frame !== undefined) return this.#found.get(`${pack}/${frame}`) ?? [];
    return unique([...this.#found].flatMap(([name, paths]) => (name.startsWith(`${pack}/`) ? paths : [])));
  }

  /** Of a snapshot, by frames that lie in no pack. */
  ofMissing(snapshot: string): AffectedPath[] {
    return (this.#found.get(NOWHERE) ?? []).filter((path) => path.snapshot === snapshot);
  }

  /** Looks through a snapshot whose frames were all checked before. */
  async look(unlocked: UnlockedSnapshot): Promise<void> {
    for (const artifact of unlocked.body.artifacts) {
      if (artifact.kind === 'tree') await this.#lookIntoTree(unlocked, artifact);
      else await this.#lookIntoStream(unlocked, artifact);
    }
  }

  async #lookIntoTree(unlocked: UnlockedSnapshot, artifact: ArtifactBody): Promise<void> {
    for (const [number, page] of artifact.pages.entries()) {
      const frames = this.#damagedOf(unlocked, refsOf([page]));
      const tell = (path: Uint8Array, of: ReadonlySet<string>, unread?: true) =>
        this.#tell(of, {
          snapshot: unlocked.snapshot.id,
          artifact: artifact.name,
          path: textOfPath(path),
          ...(unread && { unread }),
        });
      if (frames.size > 0) tell(page.first, frames, true);
      else
        await ignoringDamage(async () => {
          for await (const record of readRecordsOf(unlocked, artifact.pages, [number]))
            tell(record.path, await this.#damagedOfFile(unlocked, record));
        });
    }
  }

  async #damagedOfFile(unlocked: UnlockedSnapshot, record: TreeRecord): Promise<ReadonlySet<string>> {
    if ('chunks' in record) return this.#damagedOf(unlocked, record.chunks);
    if (!('lists' in record)) return new Set();
    const frames = this.#damagedOf(unlocked, record.lists);
    if (frames.size > 0) return frames;
    const all = new Set<string>();
    for await (const part of readChunks(unlocked, record.lists))
      for (const frame of this.#damagedOf(unlocked, part)) all.add(frame);
    return all;
  }

  async #lookIntoStream(unlocked: UnlockedSnapshot, artifact: ArtifactBody): Promise<void> {
    for (const [number, page] of artifact.pages.entries()) {
      const frames = new Set(this.#damagedOf(unlocked, refsOf([page])));
      if (frames.size === 0)
        await ignoringDamage(async () => {
          const refs = await readChunkList(unlocked, artifact, number);
          for (const frame of this.#damagedOf(unlocked, refs)) frames.add(frame);
        });
      this.#tell(frames, { snapshot: unlocked.snapshot.id, artifact: artifact.name, path: '' });
    }
  }

  #damagedOf({ frames }: UnlockedSnapshot, refs: Uint8Array): ReadonlySet<string> {
    const found = new Set<string>();
    for (let at = 0; at + REF_BYTES <= refs.length; at += REF_BYTES) {
      const name = frames.weightOf(refs, at)?.frame ?? NOWHERE;
      if (name === NOWHERE || this.#damaged.has(name)) found.add(name);
    }
    return found;
  }

  #tell(frames: ReadonlySet<string>, path: AffectedPath): void {
    for (const frame of frames) {
      const known = this.#found.get(frame) ?? [];
      if (known.length > 0 && isSame(known.at(-1), path)) continue;
      if (this.#kept >= KEPT) {
        this.left++;
        continue;
      }
      this.#kept++;
      known.push(path);
      this.#found.set(frame, known);
    }
  }
}

/** What is damaged is a finding already, where its frames were checked. */
async function ignoringDamage(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { code, origin } = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'agent' });
    if (code === 'CANCELLED' || origin !== 'repository') throw error;
  }
}

function unique(paths: readonly AffectedPath[]): AffectedPath[] {
  return [...new Map(paths.map((path) => [nameOf(path), path])).values()];
}

function isSame(a: AffectedPath | undefined, b: AffectedPath): boolean {
  return a !== undefined && nameOf(a) === nameOf(b);
}

function nameOf({ snapshot, artifact, path }: AffectedPath): string {
  return `${snapshot}\0${artifact}\0${path}`;
}
