import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';

/** Positions count from 0; a character is a UTF-16 unit. As in the protocol. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface EditorDiagnostic {
  readonly message: string;
  readonly range: { readonly start: Position; readonly end: Position };
}

export interface Completion {
  readonly label: string;
  readonly insertText?: string;
  readonly documentation?: string | { readonly value: string };
}

/** A text that is open in the editor. */
export interface OpenText {
  readonly uri: string;
  readonly text: string;
  /** What the server found wrong with it. */
  readonly diagnostics: readonly EditorDiagnostic[];
}

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** A completion or hover takes milliseconds; the first schema that is read, a second on a busy machine. */
const PATIENCE_MS = 60_000;
const HEADER_END = '\r\n\r\n';

/**
 * yaml-language-server as a child, and the part of an editor that talks to it: the Language Server Protocol 3.17, base protocol
 * and the requests used here. The server may read files, and nothing else: no network, no writing, no children (Node's
 * permission model; networks from Node 25 on). Schema store and other catalogs are switched off besides.
 */
export class LanguageServer implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #published = new Map<string, PromiseWithResolvers<readonly EditorDiagnostic[]>>();
  #received: Buffer = Buffer.alloc(0);
  #stderr = '';
  #lastId = 0;
  #lastVersion = 0;
  #ending = false;

  readonly #settings: object;

  private constructor(settings: object) {
    this.#settings = settings;
    const main = import.meta.resolve('yaml-language-server/bin/yaml-language-server');
    const denied = ['--permission', '--allow-fs-read=*'];
    this.#child = spawn(process.execPath, [...denied, new URL(main).pathname, '--stdio'], {
      env: { PATH: process.env['PATH'] },
    });
    this.#child.stdout.on('data', (bytes: Buffer) => this.#receive(bytes));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#child.stdin.on('error', () => {});
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('close', (code, signal) => {
      if (!this.#ending) this.#fail(new Error(`the language server ended (${code ?? signal}):\n${this.#stderr}`));
    });
  }

  /**
   * Resolves when the server has taken its settings. `folder` is the one that is open in the editor, absolute; `settings` are those
   * of the section `yaml`.
   */
  static async open(folder?: string, settings: object = {}): Promise<LanguageServer> {
    const server = new LanguageServer(settings);
    const root = folder === undefined ? null : pathToFileURL(folder).href;
    const markdown = ['markdown', 'plaintext'];
    await server.#request('initialize', {
      processId: process.pid,
      rootUri: root,
      workspaceFolders: root === null ? null : [{ uri: root, name: 'project' }],
      capabilities: {
        workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } },
        textDocument: {
          synchronization: {},
          publishDiagnostics: {},
          hover: { contentFormat: markdown },
          completion: { completionItem: { snippetSupport: true, documentationFormat: markdown } },
        },
      },
    });
    server.#notify('initialized', {});
    await server.#configured.promise;
    return server;
  }

  readonly #configured = Promise.withResolvers<void>();

  /** Shows a text to the server as `file`, absolute, which need not exist. Resolves when it was checked. */
  async show(file: string, text: string): Promise<OpenText> {
    const uri = pathToFileURL(file).href;
    // The server keeps what it has parsed by address and version, closed or not.
    this.#lastVersion += 1;
    const textDocument = { uri, languageId: 'yaml', version: this.#lastVersion, text };
    return { uri, text, diagnostics: await this.#told(uri, 'textDocument/didOpen', { textDocument }) };
  }

  /** Resolves when the server has taken its diagnostics back: until then, they would be taken for those of the next text. */
  async close({ uri }: OpenText): Promise<void> {
    await this.#told(uri, 'textDocument/didClose', { textDocument: { uri } });
  }

  async complete({ uri }: OpenText, position: Position): Promise<readonly Completion[]> {
    const result = await this.#request('textDocument/completion', { textDocument: { uri }, position });
    return (result as { items?: readonly Completion[] } | null)?.items ?? [];
  }

  /** The Markdown that is shown there; empty for nothing. */
  async hover({ uri }: OpenText, position: Position): Promise<string> {
    const result = await this.#request('textDocument/hover', { textDocument: { uri }, position });
    return (result as { contents?: { value?: string } } | null)?.contents?.value ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#ending = true;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }

  async #request(method: string, params: unknown): Promise<unknown> {
    this.#lastId += 1;
    const answer = Promise.withResolvers<unknown>();
    this.#answers.set(this.#lastId, answer);
    this.#send({ id: this.#lastId, method, params });
    return this.#within(answer.promise, method);
  }

  /** Notifies the server, and waits for the diagnostics that it publishes upon it. */
  async #told(uri: string, method: string, params: unknown): Promise<readonly EditorDiagnostic[]> {
    const published = Promise.withResolvers<readonly EditorDiagnostic[]>();
    this.#published.set(uri, published);
    this.#notify(method, params);
    const diagnostics = await this.#within(published.promise, `diagnostics of ${uri}`);
    this.#published.delete(uri);
    return diagnostics;
  }

  #notify(method: string, params: unknown): void {
    this.#send({ method, params });
  }

  #send(message: Message): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.#child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}${HEADER_END}${body}`);
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    for (;;) {
      const headerEnd = this.#received.indexOf(HEADER_END);
      if (headerEnd < 0) return;
      const length = Number(/Content-Length: (\d+)/i.exec(this.#received.toString('ascii', 0, headerEnd))?.[1]);
      const start = headerEnd + HEADER_END.length;
      if (this.#received.length < start + length) return;
      const body = this.#received.toString('utf8', start, start + length);
      this.#received = this.#received.subarray(start + length);
      this.#take(JSON.parse(body));
    }
  }

  #take(message: Message): void {
    const { id, method, params, result, error } = message;
    if (method === undefined) {
      const answer = this.#answers.get(Number(id));
      this.#answers.delete(Number(id));
      if (error === undefined) answer?.resolve(result);
      else answer?.reject(new Error(`${error.message} (${error.code})`));
    } else if (id !== undefined) this.#send({ id, result: this.#answer(method, params) });
    else if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as { uri: string; diagnostics: readonly EditorDiagnostic[] };
      this.#published.get(uri)?.resolve(diagnostics);
    }
  }

  /** What the editor answers when the server asks. */
  #answer(method: string, params: unknown): unknown {
    if (method !== 'workspace/configuration') return null;
    const off = { enable: false };
    const yaml = {
      schemaStore: off,
      kubernetesCRDStore: off,
      validate: true,
      hover: true,
      completion: true,
      ...this.#settings,
    };
    const { items } = params as { items: readonly { section?: string }[] };
    if (items.some(({ section }) => section === 'yaml')) setImmediate(() => this.#configured.resolve());
    return items.map(({ section }) => (section === 'yaml' ? yaml : null));
  }

  async #within<T>(promise: Promise<T>, what: string): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`no ${what} in time:\n${this.#stderr}`)), PATIENCE_MS);
    try {
      return await Promise.race([promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #fail(error: Error): void {
    this.#configured.reject(error);
    for (const waiting of [...this.#answers.values(), ...this.#published.values()]) waiting.reject(error);
  }
}
