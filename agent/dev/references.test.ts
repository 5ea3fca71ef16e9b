import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReferences } from './references.ts';

function imports(text: string): string[] {
  return readReferences(text)
    .references.filter((reference) => reference.kind === 'import')
    .map((reference) => reference.specifier);
}

test('every form of import is seen', () => {
  const text = `
import 'effect';
import type { A } from "types";
import { b,
  c } from './lines.ts';
export * from './star.ts';
export { d as e } from './named.ts';
const f = await import('./dynamic.ts');
let g: import('./type.ts').G<import("./inner.ts").H>;
const i = require('required');
const j = import(\`./template.ts\`);
`;
  const forms = ['effect', 'types', './lines.ts', './star.ts', './named.ts', './dynamic.ts', './type.ts', './inner.ts'];
  assert.deepEqual(imports(text), [...forms, 'required', './template.ts']);
});

test('an import says where it stands', () => {
  const [first] = readReferences("\n\n  import './a.ts';\n").references;
  assert.deepEqual(first, { kind: 'import', specifier: './a.ts', line: 3, column: 10 });
});

test('what only looks like an import is none', () => {
  const text = `
// import './comment.ts';
/* import './block.ts'; */
const text = "import './string.ts'";
const template = \`import './template.ts' \${text + "from './inside.ts'"}\`;
const tail = \`\${from}./tail.ts\` + import(\`./\${text}.ts\`);
const pattern = /import '.\\/regex.ts'/;
`;
  assert.deepEqual(imports(text), []);
});

test('quotes in regular expressions, divisions and nested templates do not hide what follows', () => {
  const text = `
const a = /['"\`]/.test(x) ? b / c : d / e; // it's
const f = \`\${x ? \`\${{ g: '}' }.g}\` : '\`'}\`;
const h = (1 + 2) / 3, i = [4][0] / 5;
function j() { return /[/'"]/.exec('"'); }
import './found.ts';
`;
  assert.deepEqual(imports(text), ['./found.ts']);
});

test('a relative path in a string is a reference: workers and plugins are named so', () => {
  const { references } = readReferences(
    "new URL('./entry.ts', import.meta.url); const e = './folder'; const f = 'plain.ts';",
  );
  assert.deepEqual(
    references.map(({ kind, specifier }) => [kind, specifier]),
    [['path', './entry.ts']],
  );
});

test('identifiers are names, words in strings and comments are not', () => {
  const { names } = readReferences("call(); crypto.other(); 'quoted'; // remark");
  assert.deepEqual(
    names.map(({ name }) => name),
    ['call', 'crypto', 'other'],
  );
});
