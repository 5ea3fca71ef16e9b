/** One object or part of one, and what a reader must say of it: agent/repository/FORMAT.md, section "Vectors". Bytes are hex. */
export interface Vector {
  /** What is special about it: the one reason it is refused for, when it is. */
  readonly name: string;
  /** `ok`, or the code of the failure. */
  readonly expect: string;
  /** Where the object lies. */
  readonly key?: string;
  /** The keys it is read with. */
  readonly keys?: Readonly<Record<string, string>>;
  /** What else a reader knows when it comes to these bytes. */
  readonly with?: Readonly<Record<string, unknown>>;
  readonly bytes: string;
  /** Behind `bytes` come zeros, up to so many bytes. */
  readonly length?: number;
  /** What is read, when it is ok. */
  readonly holds?: unknown;
}

/** A whole repository, and what comes out of one snapshot of it. */
export interface RepositoryVector {
  readonly name: string;
  /** `ok`, or the code that reading all of the snapshot ends with. */
  readonly expect: string;
  /** Objects by key. */
  readonly objects: Readonly<Record<string, string>>;
  /** Behind the bytes of these come zeros, up to so many bytes. */
  readonly lengths?: Readonly<Record<string, number>>;
  /** Who reads: a name in openpgp-keys.json. */
  readonly reader: string;
  /** What the policy of the reader calls the place; absent where it does not matter. */
  readonly target?: string;
  /** The key of the snapshot to read. */
  readonly read: string;
  /** Keys of snapshots that are there and wanted no more. */
  readonly forgotten?: readonly string[];
  /** What else a reader must say, as [key, code]: none of it keeps the snapshot from being read. */
  readonly findings?: readonly (readonly [key: string, code: string])[];
  /** What is read, when it is ok. */
  readonly holds?: unknown;
}

export interface VectorFile<V = Vector | RepositoryVector> {
  readonly about: string;
  readonly vectors: readonly V[];
}

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** One vector a line. */
export function written({ about, vectors }: VectorFile): string {
  const lines = vectors.map((vector) => JSON.stringify(vector));
  return `{\n"about": ${JSON.stringify(about)},\n"vectors": [\n${lines.join(',\n')}\n]\n}\n`;
}
