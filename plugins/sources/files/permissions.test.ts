import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from './sample.ts';

const child = fileURLToPath(import.meta.resolve('./as-nobody.ts'));

describe('a files source that is not root', () => {
  it('names what it may not read and what it may not set, and does the rest', async () => {
    await using folder = await temporaryFolder();
    await fs.chmod(folder.path, 0o755);
    const [from, into] = [join(folder.path, 'from'), join(folder.path, 'into')];
    for (const path of [from, into, join(from, 'open'), join(from, 'closed')]) await fs.mkdir(path);
    const files = ['open/kept', 'open/secret', 'closed/hidden'].map((name) => join(from, name));
    for (const path of files) await fs.writeFile(path, 'content');
    if (process.getuid?.() === 0) {
      for (const path of [from, into, join(from, 'open'), join(from, 'closed'), ...files])
        await fs.chown(path, 65534, 65534);
    }
    await fs.chmod(join(from, 'open/secret'), 0o000);
    await fs.chmod(join(from, 'closed'), 0o000);

    const args = ['--conditions=source', '--import', 'tsx', child, from, into];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { captured, restored, probed } = JSON.parse(stdout);
    assert.deepEqual(
      captured.map((one: { what: string; failure: { code: string } }) => [one.what, one.failure.code]),
      [
        ['closed', 'SOURCE_DENIED'],
        ['open/secret', 'SOURCE_DENIED'],
      ],
    );
    assert.deepEqual(restored.skipped, []);
    assert.equal(restored.facts.owners, 'not set');
    assert.match(probed, /cannot list .*closed: EACCES/);
    assert.deepEqual((await fs.readdir(into)).sort(), ['closed', 'open', 'z mine', 'z of another']);
    assert.equal(await fs.readFile(join(into, 'open/kept'), 'utf8'), 'content');
    assert.equal((await fs.stat(join(into, 'z mine'))).mode & 0o7777, 0o6755);
    assert.equal((await fs.stat(join(into, 'z of another'))).mode & 0o7777, 0o755);
    await fs.chmod(join(from, 'closed'), 0o700); // so that anyone may remove it
    await fs.chmod(join(into, 'closed'), 0o700);
  });
});
