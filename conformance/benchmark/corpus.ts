import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { binary, databasePage, databasePages, PAGE_BYTES, sourceText } from './contents.ts';
import { Random } from './random.ts';

/** What a corpus is made from. The same shape gives the same bytes on every machine. */
export interface Shape {
  readonly bytes: number;
  readonly files: number;
  readonly seed: number;
}

interface PlannedFile {
  readonly path: string;
  readonly kind: 'source' | 'binary' | 'database';
  readonly length: number;
  readonly seed: number;
  readonly project: number;
}

const MARKER = 'corpus.json';
/** Counted up when the generator changes: what was made by another one is not reused. */
const GENERATOR = 1;
const DATABASE_BYTES = 16 * 1024 * 1024;
const DATABASE_SHARE = 0.25;
const BINARY_SHARE = 0.2;
const FILES_PER_PROJECT = 300;
/** Files last changed long before the first backup, so that no tool has to read them again for being too young. */
const MODIFIED = new Date('2026-01-01T00:00:00Z');

/** Divides `total` among `count` files, a few large and many small. */
function lengths(random: Random, count: number, total: number): number[] {
  const weights = Array.from({ length: count }, () => 1 + random.skewedBelow(60));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => Math.max(1, Math.round((weight / sum) * total)));
}

function planFiles({ bytes, files, seed }: Shape): PlannedFile[] {
  const random = new Random(seed);
  const databases = Math.max(1, Math.round((bytes * DATABASE_SHARE) / DATABASE_BYTES));
  const binaries = Math.max(1, Math.round(files * 0.02));
  const sources = Math.max(1, files - databases - binaries);
  const databaseLength = Math.ceil((bytes * DATABASE_SHARE) / databases / PAGE_BYTES) * PAGE_BYTES;
  const planned: PlannedFile[] = [];
  const plan = (kind: PlannedFile['kind'], path: string, length: number, project = 0) =>
    planned.push({ kind, path, length, seed: seed * 1_000_003 + planned.length, project });
  for (let i = 0; i < databases; i++) plan('database', `database/base/${16_384 + i}`, databaseLength);
  lengths(random, binaries, bytes * BINARY_SHARE).forEach((length, i) => {
    plan('binary', `assets/${i % 16}/image-${i}.bin`, length);
  });
  lengths(random, sources, bytes * (1 - DATABASE_SHARE - BINARY_SHARE)).forEach((length, i) => {
    const project = Math.floor(i / FILES_PER_PROJECT);
    const folder = `projects/p${project}/src/m${random.below(20)}`;
    // One file in twelve is another project's file, copied: what deduplication is there for.
    const original = random.below(12) === 0 ? planned.at(-1 - random.below(planned.length)) : undefined;
    if (original?.kind === 'source') planned.push({ ...original, path: `${folder}/copy-${i}.ts` });
    else plan('source', `${folder}/file-${i}.ts`, length, project);
  });
  return planned;
}

function contentOf(file: PlannedFile): Uint8Array {
  if (file.kind === 'database') return databasePages(file.seed, file.length);
  if (file.kind === 'binary') return binary(file.seed, file.length);
  return sourceText(file.seed, file.project, file.length);
}

/** What becomes of a file in the change: one page in a hundred rewritten, or a line put in somewhere. */
function changedContent(file: PlannedFile): Uint8Array {
  const content = contentOf(file);
  const random = new Random(file.seed + 1);
  if (file.kind !== 'database') {
    const at = random.below(content.length);
    return Buffer.concat([
      content.subarray(0, at),
      Buffer.from('// a line that was not there\n'),
      content.subarray(at),
    ]);
  }
  const pages = content.length / PAGE_BYTES;
  for (let i = 0; i < Math.ceil(pages / 100); i++) {
    const page = random.below(pages);
    content.set(databasePage(file.seed + 1, page), page * PAGE_BYTES);
  }
  return content;
}

/** A generated tree of files, and one per cent of it changed and changed back. */
export class Corpus {
  readonly tree: string;
  readonly #marker: string;
  readonly #identity: string;
  readonly #files: readonly PlannedFile[];

  private constructor(cache: string, shape: Shape) {
    const folder = join(cache, `benchmark-${shape.bytes}-${shape.files}-${shape.seed}`);
    this.tree = join(folder, 'tree');
    this.#marker = join(folder, MARKER);
    this.#identity = `${JSON.stringify({ generator: GENERATOR, ...shape })}\n`;
    this.#files = planFiles(shape);
  }

  /** The corpus of this shape below `cache`: generated, unless it is there whole. */
  static open(cache: string, shape: Shape): Corpus {
    const corpus = new Corpus(cache, shape);
    if (!corpus.isWhole()) corpus.#generate();
    return corpus;
  }

  get fileCount(): number {
    return this.#files.length;
  }

  get bytes(): number {
    return this.#files.reduce((sum, { length }) => sum + length, 0);
  }

  /** False also while one per cent is changed: a benchmark that died then leaves a tree that is made anew. */
  isWhole(): boolean {
    return existsSync(this.#marker) && readFileSync(this.#marker, 'utf8') === this.#identity;
  }

  /** Changes about one per cent: a line in one file of a hundred, one page of a hundred in every database, some new files. */
  change(): void {
    rmSync(this.#marker);
    for (const file of this.#changing()) writeFileSync(join(this.tree, file.path), changedContent(file));
    for (const file of this.#added()) {
      mkdirSync(dirname(join(this.tree, file.path)), { recursive: true });
      writeFileSync(join(this.tree, file.path), contentOf(file));
    }
  }

  /** Undoes `change`, to the byte and the modification time. */
  revert(): void {
    rmSync(join(this.tree, 'added'), { recursive: true, force: true });
    for (const file of this.#changing()) this.#write(file);
    writeFileSync(this.#marker, this.#identity);
  }

  #generate(): void {
    rmSync(dirname(this.tree), { recursive: true, force: true });
    for (const folder of new Set(this.#files.map(({ path }) => dirname(path)))) {
      mkdirSync(join(this.tree, folder), { recursive: true });
    }
    for (const file of this.#files) this.#write(file);
    writeFileSync(this.#marker, this.#identity);
  }

  #write(file: PlannedFile): void {
    const path = join(this.tree, file.path);
    writeFileSync(path, contentOf(file));
    utimesSync(path, MODIFIED, MODIFIED);
  }

  #changing(): PlannedFile[] {
    return this.#files.filter((file, i) => file.kind === 'database' || i % 100 === 50);
  }

  #added(): PlannedFile[] {
    const sources = this.#files.filter(({ kind }, i) => kind === 'source' && i % 500 === 250);
    return sources.map((file, i) => ({ ...file, path: `added/new-${i}.ts`, seed: file.seed + 500_000 }));
  }
}
