import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { LanguageServer } from '../services/language-server.ts';
import { assertExit, Child, checkout } from './program.ts';

let server: LanguageServer;
let scratch = '';
before(async () => {
  server = await LanguageServer.open();
  scratch = await mkdtemp(join(tmpdir(), 'holdfast-editors-'));
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true });
});

describe('holdfast schema', () => {
  /** Calls the program in a folder of its own. */
  async function call(folder: string, ...args: string[]): Promise<string> {
    const ended = await new Child(args, { cwd: folder, env: { HOLDFAST_STATE: join(folder, 'state') } }).ended;
    assertExit(ended, 0);
    return ended.stdout;
  }

  test('is what editors without network need: the policy of init is explained by it, and its mistakes are told', async () => {
    const folder = join(scratch, 'offline');
    await mkdir(folder);
    await call(folder, 'init', '--yes');
    await writeFile(join(folder, 'policy.schema.json'), await call(folder, 'schema'));
    const file = join(folder, 'holdfast.yaml');
    const text = `# yaml-language-server: $schema=policy.schema.json\n${await readFile(file, 'utf8')}`;
    const right = await server.show(file, text);
    assert.deepEqual(right.diagnostics, []);
    assert.match(
      await server.hover(right, { line: text.slice(0, text.indexOf('\nsources:')).split('\n').length, character: 2 }),
      /Data systems to protect/,
    );
    await server.close(right);
    const wrong = await server.show(file, text.replace('exclude:', 'exclud:'));
    assert.deepEqual(
      wrong.diagnostics.map(({ message }) => message),
      ['Property exclud is not allowed.'],
    );
    await server.close(wrong);
    const unknown = await server.show(file, text.replace(/^.*\n/, '').replace('exclude:', 'exclud:'));
    assert.deepEqual(unknown.diagnostics, [], 'without the modeline nothing is known');
    await server.close(unknown);
  });

  test('--part is for files that a policy includes', async () => {
    const folder = join(scratch, 'part');
    await mkdir(folder);
    await writeFile(join(folder, 'part.schema.json'), await call(folder, 'schema', '--part'));
    const text =
      '# yaml-language-server: $schema=part.schema.json\njobs: { a: { source: b, retention: c, timeout: 2 hours } }\n';
    const { diagnostics } = await server.show(join(folder, 'jobs.yaml'), text);
    assert.match(diagnostics.map(({ message }) => message).join('\n'), /^This is not a duration above zero: .*$/);
  });

  test('is found by the settings for VS Code that docs/editors.md has', async () => {
    const folder = join(scratch, 'project');
    await mkdir(join(folder, 'conf.d'), { recursive: true });
    await writeFile(join(folder, 'policy.schema.json'), await call(folder, 'schema'));
    await writeFile(join(folder, 'policy-part.schema.json'), await call(folder, 'schema', '--part'));
    const [, block = ''] =
      /^```json\n(.*?)^```/ms.exec(await readFile(join(checkout, 'docs/editors.md'), 'utf8')) ?? [];
    const { 'yaml.schemas': schemas, 'yaml.schemaStore.enable': enable } = JSON.parse(block);
    await using own = await LanguageServer.open(folder, { schemas, schemaStore: { enable } });
    const messages = async (name: string) => {
      const { diagnostics } = await own.show(
        join(folder, name),
        'jobs: { a: { timeout: 2 hours, source: b, targets: [c] } }\n',
      );
      return diagnostics.map(({ message }) => message.replace(/:.*/, '')).sort();
    };
    const duration = 'This is not a duration above zero';
    const missing = ['Missing property "recipients".', 'Missing property "version".'];
    assert.deepEqual(await messages('holdfast.yaml'), [...missing, duration]);
    assert.deepEqual(await messages('conf.d/jobs.yaml'), [duration]);
    assert.deepEqual(await messages('docker-compose.yaml'), []);
  });
});
