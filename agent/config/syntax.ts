import { type Document, type Node, visit, type YAMLError } from 'yaml';
import type { CodeName } from './codes.ts';

/** A mistake in the text, by its offsets. */
export interface Slip {
  readonly code: CodeName;
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly hint?: string;
  readonly suggestion?: string;
}

export const UNCLOSED_QUOTE = 'this quote is never closed';
export const UNQUOTED_VARIABLE = 'between brackets or braces a variable needs quotes';
export const UNCLOSED_BRACKET = 'this bracket is never closed';

/** Says what the parser found in the words of this project, and where the reader should look. */
export function explainSyntax(error: YAMLError, document: Document.Parsed, text: string): Slip {
  const [start, end] = error.pos;
  const variable = unquoted(start, text);
  if (variable !== undefined) return variable;
  switch (error.code) {
    case 'TAB_AS_INDENT': {
      return {
        code: 'HF1006',
        message: 'a tab is used for indentation',
        start,
        end,
        hint: 'YAML is indented by spaces',
      };
    }
    case 'MULTIPLE_DOCS': {
      const hint = 'put each document into a file of its own';
      return { code: 'HF1009', message: 'a second document begins here', start, end: start + 3, hint };
    }
    case 'TAG_RESOLVE_FAILED': {
      const message = 'this tag is not part of the policy language';
      return { code: 'HF1012', message, start, end, hint: 'write the value without a tag' };
    }
    case 'BAD_ALIAS': {
      return { code: 'HF1008', message: lowered(error.message), start, end };
    }
    case 'BLOCK_AS_IMPLICIT_KEY': {
      const hint = 'a value that holds ": " is quoted; a mapping begins on a line of its own';
      return { code: 'HF1004', message: 'a second key on one line', start, end, hint };
    }
    default: {
      return unclosed(error, document, text) ?? { code: 'HF1004', message: lowered(error.message), start, end };
    }
  }
}

/** Between brackets and braces `${…}` is a mapping after a dollar sign, unless it is quoted. */
function unquoted(start: number, text: string): Slip | undefined {
  if (text.slice(start - 1, start + 1) !== '${') return undefined;
  const message = UNQUOTED_VARIABLE;
  const hint = 'write "${…}" in quotes, or the value on a line of its own';
  return { code: 'HF1004', message, start: start - 1, end: start + 1, hint };
}

/** The parser notices at the end what was opened long before: the place to look at is where it was opened. */
function unclosed(error: YAMLError, document: Document.Parsed, text: string): Slip | undefined {
  const quote = /Missing closing ["']quote/.test(error.message);
  const bracket = /(?:end with a|must end with a?) ?[\]}]|Expected flow (?:map|sequence) to end/i.test(error.message);
  if (!quote && !bracket) return undefined;
  let opened: number | undefined;
  const look = (node: Node, fits: boolean) => {
    const [start = 0, end = 0] = node.range ?? [];
    const closing = { '"': '"', "'": "'", '[': ']', '{': '}' }[text[start] ?? ''];
    const closed = end - start > 1 && text[end - 1] === closing;
    if (fits && !closed && start < error.pos[0]) opened = start;
  };
  visit(document, {
    Scalar: (_, node) => look(node, quote && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE')),
    Collection: (_, node) => look(node, bracket && node.flow === true),
  });
  if (opened === undefined) return undefined;
  const message = quote ? UNCLOSED_QUOTE : UNCLOSED_BRACKET;
  return { code: 'HF1007', message, start: opened, end: opened + 1 };
}

function lowered(message: string): string {
  return message.slice(0, 1).toLowerCase() + message.slice(1);
}
