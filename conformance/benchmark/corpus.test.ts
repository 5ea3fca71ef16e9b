import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';
import { Corpus, type Shape } from './corpus.ts';

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-corpus-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
const shape: Shape = { bytes: 4_000_000, files: 400, seed: 3 };

/** Path, size, modification time and digest of every file. */
function listing(tree: string): Map<string, string> {
  const files = readdirSync(tree, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
      return [relative(tree, path), `${lstatSync(path).mtimeMs} ${digest}`];
    }),
  );
}

test('a corpus has the size and number of files asked for, and is the same wherever it is made', () => {
  const corpus = Corpus.open(join(scratch, 'a'), shape);
  const files = listing(corpus.tree);
  assert.equal(files.size, shape.files);
  const sizes = [...files.keys()].map((path) => lstatSync(join(corpus.tree, path)).size);
  const bytes = sizes.reduce((a, b) => a + b, 0);
  assert.equal(bytes, corpus.bytes);
  assert.ok(Math.abs(bytes - shape.bytes) < shape.bytes * 0.1, `${bytes} bytes`);
  assert.deepEqual(listing(Corpus.open(join(scratch, 'b'), shape).tree), files);
  assert.notDeepEqual(listing(Corpus.open(join(scratch, 'b'), { ...shape, seed: 4 }).tree), files);
});

test('about one per cent changes, and changes back', () => {
  const corpus = Corpus.open(join(scratch, 'a'), shape);
  const before = listing(corpus.tree);
  corpus.change();
  const changed = listing(corpus.tree);
  const touched = [...changed].filter(([path, state]) => before.get(path) !== state).length;
  assert.ok(touched >= shape.files * 0.01 && touched <= shape.files * 0.02, `${touched} files`);
  assert.ok(changed.size > before.size, 'no file was added');
  corpus.revert();
  assert.deepEqual(listing(corpus.tree), before);
});

test('a corpus left in the middle of a change is made anew; a whole one is left alone', () => {
  const corpus = Corpus.open(join(scratch, 'a'), shape);
  const before = listing(corpus.tree);
  corpus.change();
  assert.deepEqual(listing(Corpus.open(join(scratch, 'a'), shape).tree), before);
  const [path = ''] = before.keys();
  writeFileSync(join(corpus.tree, path), 'kept');
  assert.equal(readFileSync(join(Corpus.open(join(scratch, 'a'), shape).tree, path), 'utf8'), 'kept');
});
