/** One object, and what a reader must say of it. Bytes are hex. */
export interface Vector {
  /** What is special about it. */
  readonly name: string;
  /** `ok`, or the code of the failure. */
  readonly expect: string;
  /** Where the object lies. */
  readonly key?: string;
  /** The keys it is read with. */
  readonly keys?: Readonly<Record<string, string>>;
  readonly bytes: string;
  /** What is read, when it is ok. */
  readonly holds?: unknown;
}

export interface VectorFile {
  readonly about: string;
  readonly vectors: readonly Vector[];
}

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
