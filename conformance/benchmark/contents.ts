import { noise } from '../kit/samples.ts';
import { Random } from './random.ts';

export const PAGE_BYTES = 8192;
const WORDS = 20_000;
const SNIPPETS = 400;
const syllables = [
  'ac',
  'ba',
  'co',
  'de',
  'er',
  'fi',
  'ge',
  'ho',
  'in',
  'ke',
  'lo',
  'ma',
  'no',
  'or',
  'pe',
  'ra',
  'se',
  'ti',
  'un',
  've',
];
const marks = [' = ', '(', ') ', '.', ', ', ': ', ' => ', ';', ' + ', '[', '] ', ' '];

let words: readonly string[] | undefined;

/** The vocabulary that all source files of all corpora share. */
function vocabulary(): readonly string[] {
  if (words !== undefined) return words;
  const random = new Random(7);
  words = Array.from({ length: WORDS }, (_, rank) => {
    const length = 1 + random.below(rank < 200 ? 2 : 4);
    return Array.from({ length }, () => syllables[random.below(syllables.length)]).join('');
  });
  return words;
}

function sourceLine(random: Random): string {
  const tokens = 2 + random.below(8);
  let line = '  '.repeat(random.below(5));
  for (let i = 0; i < tokens; i++)
    line += vocabulary()[random.skewedBelow(WORDS)] + (marks[random.below(marks.length)] ?? '');
  return `${line}\n`;
}

const snippetsByProject = new Map<number, readonly string[]>();

/** The lines that the files of one project repeat. */
function snippetsOf(project: number): readonly string[] {
  const known = snippetsByProject.get(project);
  if (known !== undefined) return known;
  const random = new Random(1_000_003 + project);
  const snippets = Array.from({ length: SNIPPETS }, () => sourceLine(random));
  snippetsByProject.set(project, snippets);
  return snippets;
}

/** Lines of code: words by Zipf's law, and every other line one that its project uses again and again. */
export function sourceText(seed: number, project: number, length: number): Uint8Array {
  const own = new Random(seed);
  const snippets = snippetsOf(project);
  let text = '';
  while (text.length < length)
    text += own.below(2) === 0 ? sourceLine(own) : (snippets[own.skewedBelow(SNIPPETS)] ?? '');
  return Buffer.from(text.slice(0, length), 'latin1');
}

/** A binary: half of it does not compress, half is structure with long runs. */
export function binary(seed: number, length: number): Uint8Array {
  const bytes = noise(seed, length);
  const random = new Random(seed);
  for (let at = 0; at < length; at += 4096) {
    if (random.below(2) === 0) bytes.fill(random.below(4) * 85, at + 64, Math.min(at + 4096, length));
  }
  return bytes;
}

/** One page of a heap: a header that differs, rows of ascending keys with repeated text, free space in the middle. */
export function databasePage(seed: number, page: number): Uint8Array {
  const bytes = Buffer.alloc(PAGE_BYTES);
  const random = new Random(seed * 8191 + page);
  bytes.writeUInt32LE(random.below(2 ** 32), 0);
  bytes.writeUInt32LE(page, 8);
  const rows = 20 + random.below(40);
  for (let row = 0; row < rows; row++) {
    const at = PAGE_BYTES - (row + 1) * 128;
    bytes.writeUInt32LE(page * 64 + row, at);
    bytes.writeDoubleLE(random.below(1_000_000) / 100, at + 8);
    bytes.write(
      `${vocabulary()[random.skewedBelow(WORDS)]} ${random.below(10 ** 9)} settled EURUSD`,
      at + 16,
      'latin1',
    );
  }
  return bytes;
}

export function databasePages(seed: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += PAGE_BYTES)
    bytes.set(databasePage(seed, at / PAGE_BYTES).subarray(0, length - at), at);
  return bytes;
}
