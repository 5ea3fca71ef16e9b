import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { holdfast } from '../child.fixture.ts';

let root = '';
before(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'holdfast-schema-'));
});
after(() => rm(root, { recursive: true }));

const CODEC = `export const plugin = {
  kind: 'codec', name: 'brotli', api: 1, version: '1.0.0', stability: 'beta', summary: 'Brotli.', id: 200,
  options: { type: 'object', properties: { quality: { type: 'integer', description: 'How hard to try.', default: 5 } } },
  create: () => ({ encode: (frame) => frame, decode: (frame) => frame }),
};
`;

async function folder(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const at = path.join(root, name);
  await mkdir(at);
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(at, file), text);
  return at;
}

describe('holdfast schema', () => {
  test('without a policy prints what is published', async () => {
    const cwd = await folder('none', {});
    for (const [args, name] of [
      [[], 'policy'],
      [['--part'], 'policy-part'],
    ] as const) {
      const published = await readFile(new URL(`../../../schemas/${name}.schema.json`, import.meta.url), 'utf8');
      const { exit, stdout, stderr } = holdfast(['schema', ...args], { cwd });
      assert.deepEqual([exit, stderr], [0, '']);
      assert.ok(stdout === published, name);
    }
  });

  test('knows the plugins that the policy brings, and their options', async () => {
    const cwd = await folder('outside', {
      'brotli.ts': CODEC,
      'holdfast.yaml': 'version: 1\nplugins: [./brotli.ts]\n',
    });
    const { exit, stdout, stderr } = holdfast(['schema'], { cwd });
    assert.deepEqual([exit, stderr], [0, '']);
    const codecs = JSON.parse(stdout).properties.pipelines.additionalProperties.items[1].properties.compress.anyOf;
    const brotli = codecs.find(({ title }: { title?: string }) => title === 'brotli codec');
    assert.equal(brotli.properties.algorithm.const, 'brotli');
    assert.equal(brotli.properties.quality.markdownDescription, 'How hard to try.\n\nDefault: `5`');
  });

  test('tells what could not be read of the policy, prints the rest, and ends with 78', async () => {
    const cwd = await folder('broken', { 'holdfast.yaml': 'version: 1\nplugins: [./gone.ts]\n' });
    for (const [args, told] of [
      [[], /holdfast\.yaml:2:11: error\[HF2015\]/],
      [['--policy', 'no.yaml'], /no\.yaml:1:1: error\[HF1001\]/],
    ] as const) {
      const { exit, stdout, stderr } = holdfast(['schema', ...args], { cwd });
      assert.equal(exit, 78);
      assert.match(stderr, told);
      assert.equal(JSON.parse(stdout).title, 'Holdfast policy');
    }
  });
});
