import {
  type BackupRequest,
  type Bytes,
  fail,
  type Host,
  type Json,
  type Plan,
  type Reader,
  type Restored,
  type RestoreRequest,
  type Sink,
  type Source,
  type Verdict,
} from 'holdfast/plugin';
import { collect } from '../kit/samples.ts';

/** Texts by name; null is a note that cannot be read. */
export type Notebook = Map<string, string | null>;

/** The "servers" that there are. */
export const notebooks = new Map<string, Notebook>();

/** Backs up a notebook that lies in memory: about the smallest source there can be, and a whole one. */
export class Notes implements Source {
  readonly #name: string;
  readonly #host: Host;

  constructor(name: string, host: Host) {
    this.#name = name;
    this.#host = host;
  }

  async probe(): Promise<Json> {
    return { notes: notebookOf(this.#name).size };
  }

  async backup(_request: BackupRequest, out: Sink): Promise<Verdict> {
    const notebook = notebookOf(this.#name);
    for (const [name, text] of notebook) {
      this.#host.signal.throwIfAborted();
      if (text === null) out.skip(name, unreadable);
      else await out.bytes(name, piecesOf(text), { chunker: 'cdc' });
    }
    return { facts: { notes: notebook.size } };
  }

  async plan(request: RestoreRequest, from: Reader): Promise<Plan> {
    const notebook = notebookOf(serverOf(request));
    const steps: string[] = [];
    for await (const { name } of from.parts()) {
      if (request.conflict === 'error' && notebook.has(name))
        fail({ ...conflict, message: `${name} is there already` });
      steps.push(`write ${name}`);
    }
    return { steps, state: null };
  }

  async restore(_plan: Plan, request: RestoreRequest, from: Reader): Promise<Restored> {
    const notebook = notebookOf(serverOf(request));
    for await (const { name } of from.parts()) {
      this.#host.signal.throwIfAborted();
      if (request.conflict === 'skip' && notebook.has(name)) continue;
      notebook.set(name, Buffer.from(await collect(from.bytes(name))).toString());
    }
    return { facts: { notes: notebook.size }, skipped: [] };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

export function notebookOf(name: string): Notebook {
  return notebooks.get(name) ?? fail({ ...missing, message: `there is no notebook ${name}` });
}

export function serverOf({ into }: RestoreRequest): string {
  return 'server' in into && typeof into.server === 'string' ? into.server : fail({ ...missing, message: 'no server' });
}

async function* piecesOf(text: string): Bytes {
  for (const word of text.split(/(?<= )/)) yield Buffer.from(word);
}

const unreadable = { code: 'SOURCE_DENIED', message: 'it is locked', origin: 'source', permanent: true } as const;
const missing = { code: 'SOURCE_MISSING', origin: 'source', permanent: true } as const;
const conflict = { code: 'RESTORE_CONFLICT', origin: 'source', permanent: true } as const;
