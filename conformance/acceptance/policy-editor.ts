import assert from 'node:assert/strict';
import { join } from 'node:path';
import { LanguageServer, type OpenText, type Position } from '../services/language-server.ts';
import { checkout } from './program.ts';

const MODELINE = '# yaml-language-server: $schema=../schemas/policy.schema.json\n';

/** An editor in which policies are written that begin with the modeline, as if they lay in policies/. */
export class PolicyEditor implements AsyncDisposable {
  readonly server: LanguageServer;
  #shown = 0;

  private constructor(server: LanguageServer) {
    this.server = server;
  }

  static async open(): Promise<PolicyEditor> {
    return new PolicyEditor(await LanguageServer.open());
  }

  async show(text: string): Promise<OpenText> {
    this.#shown += 1;
    return this.server.show(join(checkout, 'policies', `shown-${this.#shown}.yaml`), MODELINE + text);
  }

  /** The labels that are offered at an offset of `text`. */
  async offered(text: string, offset: number): Promise<string[]> {
    const open = await this.show(text);
    const completions = await this.server.complete(open, positionOf(text, offset));
    await this.server.close(open);
    return completions.map(({ label }) => label);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }
}

/** The place of an offset of a text, once that is shown below its modeline. */
export function positionOf(text: string, offset: number): Position {
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length, character: lines.at(-1)?.length ?? 0 };
}

/** The text with what was typed so far in the place of the last mark, and where typing goes on. */
export function typedAt(text: string, mark: string, typed: string): { text: string; offset: number } {
  const at = text.lastIndexOf(mark);
  assert.ok(at >= 0, `there is no ${mark} in:\n${text}`);
  return { text: text.slice(0, at) + typed + text.slice(at + mark.length), offset: at + typed.length };
}

/** The text without its marks `‸`, and where they stood once it is shown: `line:character`, as the server counts. */
export function unmarked(marked: string): { text: string; places: string[] } {
  const [first = '', ...rest] = marked.split('‸');
  let text = first;
  const places: string[] = [];
  for (const part of rest) {
    const { line, character } = positionOf(text, text.length);
    places.push(`${line}:${character}`);
    text += part;
  }
  return { text, places };
}

/** Markdown without what it needs only to look as it should. */
export function plainWords(markdown: string): string {
  return markdown
    .replaceAll('\\', '')
    .replaceAll(/&nbsp;|\s+/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
}
