import { globSync, statSync } from 'node:fs';
import path from 'node:path';
import { readBounded } from '../bounded-file.ts';
import { type CodeName, codes } from '../codes.ts';
import type { Diagnostic, Path } from '../diagnostic.ts';
import { PolicyDocument } from '../document.ts';
import type { Variables } from '../variables.ts';
import { isMapping } from './layer.ts';

/** All files together. */
const LARGEST_BYTES = 64 * 2 ** 20;
const MOST_FILES = 1000;
const POLICY_FILE = /\.(ya?ml|json)$/i;

/**
 * Reads the files of a policy, each once, with those they include. What is wrong with them is in `diagnostics`. Nothing else
 * happens while a policy is read, and parsing it takes longer than reading: this waits for the file system.
 */
export class PolicyFiles {
  /** Every file after those it includes. */
  readonly documents: PolicyDocument[] = [];
  readonly diagnostics: Diagnostic[] = [];
  /** In the order they were read, absolute; also those that could not be read. */
  readonly files: string[] = [];
  readonly #variables: Variables;
  readonly #included = new Map<string, Set<string>>();
  readonly #open: string[] = [];
  #bytes = 0;

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  /** Reads a file that was named from outside. */
  read(file: string): void {
    const text = this.#text(file);
    if (typeof text === 'string') this.add(file, text);
    else this.diagnostics.push(unplaced(text.code, file, text.message));
  }

  /** Takes a text as that of `file`. */
  add(file: string, text: string): void {
    const document = this.#parse(file, text);
    this.#open.push(file);
    this.#includeAll(document);
    this.#open.pop();
    this.documents.push(document);
  }

  /** Whether `file` includes `other`, itself or through others. */
  includes(file: string, other: string): boolean {
    const direct = this.#included.get(file);
    if (direct === undefined) return false;
    if (direct.has(other)) return true;
    return [...direct].some((included) => this.includes(included, other));
  }

  #parse(file: string, text: string): PolicyDocument {
    // A part that is commented out says nothing; a whole policy that says nothing is a mistake.
    const part = this.#open.length > 0 && isBlank(text);
    const document = new PolicyDocument(file, part ? '{}' : text, this.#variables);
    if (!this.files.includes(file)) this.files.push(file);
    this.#included.set(file, new Set());
    this.diagnostics.push(...document.diagnostics);
    return document;
  }

  #includeAll(document: PolicyDocument): void {
    const { content, broken } = document;
    const written = !broken && isMapping(content) ? content['include'] : undefined;
    if (written === undefined) return;
    if (!Array.isArray(written)) {
      const suggestion = typeof written === 'string' ? `[${written}]` : undefined;
      this.#tell(document, ['include'], 'HF2003', '"include" must be a list of files', { suggestion });
      return;
    }
    const entries: unknown[] = written;
    for (const [index, entry] of entries.entries()) {
      const at = ['include', index];
      if (typeof entry === 'string' && entry !== '') this.#include(document, entry, at);
      else this.#tell(document, at, 'HF2003', 'an include must be the path of a file');
    }
  }

  #include(from: PolicyDocument, pattern: string, at: Path): void {
    if (from.isUnknown(at)) return;
    const files = matching(pattern, from.file);
    if (files.length === 0) this.#tell(from, at, 'HF1018', `no file matches ${pattern}`);
    for (const file of files) {
      const circle = this.#open.indexOf(file);
      if (circle >= 0) this.#tell(from, at, 'HF1015', named([...this.#open.slice(circle), file]));
      else {
        this.#included.get(from.file)?.add(file);
        if (!this.#included.has(file)) this.#readIncluded(file, from, at);
      }
    }
  }

  #readIncluded(file: string, from: PolicyDocument, at: Path): void {
    const text = this.#text(file);
    if (typeof text === 'string') this.add(file, text);
    else {
      const hint = 'paths are relative to the file that includes; all files of a folder are "folder/*.yaml"';
      this.#tell(from, at, 'HF1016', `${path.basename(file)}: ${text.message}`, { hint });
    }
  }

  #text(file: string): string | { readonly code: CodeName; readonly message: string } {
    this.files.push(file);
    if (this.files.length > MOST_FILES) {
      return { code: 'HF1003', message: `a policy has at most ${MOST_FILES} files` };
    }
    let bytes: Uint8Array;
    try {
      const info = statSync(file);
      if (info.isDirectory()) throw new Error('it is a folder');
      if (this.#bytes + info.size > LARGEST_BYTES) return tooLarge(this.#bytes + info.size);
      bytes = readBounded(file, LARGEST_BYTES - this.#bytes);
      this.#bytes += bytes.length;
      if (this.#bytes > LARGEST_BYTES) return tooLarge(this.#bytes);
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/,.*$/, '') : String(error);
      return { code: 'HF1001', message: `the policy cannot be read: ${reason}` };
    }
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return { code: 'HF1002', message: 'this is not UTF-8 text' };
    }
  }

  #tell(document: PolicyDocument, at: Path, code: CodeName, message: string, help: Help = {}): void {
    const { severity } = codes[code];
    const given = Object.entries(help).filter(([, text]) => text !== undefined);
    this.diagnostics.push({ severity, code, message, ...document.valueAt(at), ...Object.fromEntries(given) });
  }
}

interface Help {
  readonly hint?: string | undefined;
  readonly suggestion?: string | undefined;
}

function tooLarge(bytes: number): { readonly code: CodeName; readonly message: string } {
  return { code: 'HF1003', message: `${bytes} bytes; a policy has at most ${LARGEST_BYTES}` };
}

/** For what concerns a file as a whole. */
export function unplaced(code: CodeName, file: string, message: string, hint?: string): Diagnostic {
  const at = { file, line: 1, column: 1, endColumn: 2 };
  const { severity } = codes[code];
  return { severity, code, message, at, sourceLine: '', sourceColumn: 1, ...(hint === undefined ? {} : { hint }) };
}

function isBlank(text: string): boolean {
  return text.split('\n').every((line) => /^\s*(#|$)/.test(line));
}

/** The files that an include of `from` means, in the order of their names; a pattern does not mean the file it stands in. */
function matching(pattern: string, from: string): string[] {
  const folder = path.dirname(from);
  if (!/[*?[{]/.test(pattern)) return [path.resolve(folder, pattern)];
  const found = globSync(pattern, { cwd: folder }).filter((name) => POLICY_FILE.test(name));
  const files = found.map((name) => path.resolve(folder, name)).sort();
  return files.filter((file) => file !== from);
}

function named(circle: readonly string[]): string {
  return `files include each other in a circle: ${circle.map((file) => path.basename(file)).join(' → ')}`;
}
