import {
  type BackupRequest,
  type Bytes,
  type Change,
  type Failure,
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

  async plan(request: RestoreRequest, from: Reader, tell?: (change: Change) => void): Promise<Plan> {
    const notebook = notebookOf(this.#place(request));
    const steps: string[] = [];
    const seen: Record<string, string | null> = {};
    for await (const { name } of from.parts()) {
      const there = notebook.get(name);
      if (request.conflict === 'error' && there !== undefined)
        fail({ ...conflict, message: `${name} is there already` });
      steps.push(`write ${name}`);
      seen[name] = there ?? null;
      if (there === (await textOf(from, name)) || (there !== undefined && request.conflict === 'skip')) continue;
      const action = there === undefined ? 'make' : 'content';
      tell?.({ path: Buffer.from(name), kind: 'file', action, differs: action === 'make' ? [] : ['content'] });
    }
    return { steps, state: { seen } };
  }

  async restore({ state }: Plan, request: RestoreRequest, from: Reader): Promise<Restored> {
    const notebook = notebookOf(this.#place(request));
    const skipped: { what: string; failure: Failure }[] = [];
    for await (const { name } of from.parts()) {
      this.#host.signal.throwIfAborted();
      const there = notebook.get(name);
      if (request.conflict === 'skip' && there !== undefined) continue;
      const text = await textOf(from, name);
      if (there === undefined || there === text || there === seenOf(state, name)) notebook.set(name, text);
      else skipped.push({ what: name, failure: { ...changed, message: `${name} changed since it was compared` } });
    }
    return { facts: { notes: notebook.size }, skipped };
  }

  #place({ into }: RestoreRequest): string {
    if ('original' in into) return this.#name;
    return serverOf(into);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

export function notebookOf(name: string): Notebook {
  return notebooks.get(name) ?? fail({ ...missing, message: `there is no notebook ${name}` });
}

export function serverOf(into: RestoreRequest['into']): string {
  return 'server' in into && typeof into.server === 'string' ? into.server : fail({ ...missing, message: 'no server' });
}

async function textOf(from: Reader, name: string): Promise<string> {
  return Buffer.from(await collect(from.bytes(name))).toString();
}

/** What the plan saw under the name. */
function seenOf(state: Json, name: string): Json | undefined {
  const seen = typeof state === 'object' && state !== null && 'seen' in state ? state.seen : undefined;
  return typeof seen === 'object' && seen !== null && !Array.isArray(seen)
    ? (seen as { readonly [name: string]: Json })[name]
    : undefined;
}

async function* piecesOf(text: string): Bytes {
  for (const word of text.split(/(?<= )/)) yield Buffer.from(word);
}

const unreadable = { code: 'SOURCE_DENIED', message: 'it is locked', origin: 'source', permanent: true } as const;
const missing = { code: 'SOURCE_MISSING', origin: 'source', permanent: true } as const;
const conflict = { code: 'RESTORE_CONFLICT', origin: 'source', permanent: true } as const;
const changed = { code: 'RESTORE_CHANGED', origin: 'source', permanent: false } as const;
