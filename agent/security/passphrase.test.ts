import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type PassphraseRequest, requirePassphrase } from './passphrase.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'holdfast-passphrase-'));
});
after(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array, mode = 0o600): Promise<string> {
  const at = path.join(folder, name);
  await writeFile(at, content);
  await chmod(at, mode);
  return at;
}

const ask = (request: Partial<PassphraseRequest>) => requirePassphrase({ purpose: 'the key', env: {}, ...request });
const failing = (code: string, words: RegExp) => (thrown: unknown) => {
  assert.ok(typeof thrown === 'object' && thrown !== null && 'failure' in thrown);
  const failure = thrown.failure as { code: string; message: string; hint?: string; origin: string };
  assert.equal(failure.code, code);
  assert.match(`${failure.message} ${failure.hint ?? ''}`, words);
  return true;
};

class Keyboard extends EventEmitter {
  readonly isTTY = true;
  raw = false;
  #lines: readonly (string | Uint8Array)[];
  constructor(...lines: (string | Uint8Array)[]) {
    super();
    this.#lines = lines;
  }
  setRawMode(raw: boolean) {
    this.raw = raw;
  }
  resume() {
    assert.ok(this.raw, 'nothing may be read while the terminal echoes');
    setImmediate(() => {
      for (const line of this.#lines) this.emit('data', Buffer.from(line));
      this.emit('end');
    });
  }
  pause() {}
}

function screen() {
  const written: string[] = [];
  return { isTTY: true, written, write: (text: string) => written.push(text) };
}

test('the order: credential, file, environment, terminal', async () => {
  await file('holdfast-passphrase', 'from credential\n', 0o440);
  const one = await file('one', 'from option\n');
  const two = await file('two', 'from variable\r\n');
  const terminal = { input: new Keyboard('typed\r'), output: screen() };
  const env: NodeJS.ProcessEnv = {
    CREDENTIALS_DIRECTORY: folder,
    HOLDFAST_PASSPHRASE_FILE: two,
    HOLDFAST_PASSPHRASE: 'from environment',
  };
  assert.deepEqual(await ask({ env, file: one, terminal }), { text: 'from credential', from: 'credential' });
  delete env['CREDENTIALS_DIRECTORY'];
  assert.deepEqual(await ask({ env, file: one, terminal }), { text: 'from option', from: 'file' });
  assert.deepEqual(await ask({ env, terminal }), { text: 'from variable', from: 'file' });
  delete env['HOLDFAST_PASSPHRASE_FILE'];
  assert.deepEqual(await ask({ env, terminal }), { text: 'from environment', from: 'environment' });
  delete env['HOLDFAST_PASSPHRASE'];
  assert.deepEqual(await ask({ env, terminal }), { text: 'typed', from: 'terminal' });
});

test('a credentials folder without our credential is passed over', async () => {
  const env = { CREDENTIALS_DIRECTORY: path.join(folder, 'nothing'), HOLDFAST_PASSPHRASE: 'x' };
  assert.equal((await ask({ env })).from, 'environment');
});

test('only one newline at the end is not part of a passphrase', async () => {
  assert.equal((await ask({ file: await file('spaces', '  a b \n\n') })).text, '  a b \n');
});

test('a file that others can read, is empty, missing or no text is refused, not passed over', async () => {
  const env = { HOLDFAST_PASSPHRASE: 'x' };
  await assert.rejects(ask({ env, file: await file('open', 'x', 0o644) }), failing('PASSPHRASE_FILE', /chmod 600/));
  await assert.rejects(ask({ env, file: await file('empty', '\n') }), failing('PASSPHRASE_FILE', /empty/));
  await assert.rejects(
    ask({ env, file: await file('binary', Buffer.from([0xff])) }),
    failing('PASSPHRASE_FILE', /UTF-8/),
  );
  await assert.rejects(ask({ env, file: path.join(folder, 'gone') }), failing('PASSPHRASE_FILE', /ENOENT/));
  await assert.rejects(ask({ env, file: folder }), failing('PASSPHRASE_FILE', /cannot be read/));
});

test('with nobody to ask, the hint names all four places', async () => {
  for (const words of [/CREDENTIALS_DIRECTORY/, /--passphrase-file/, /HOLDFAST_PASSPHRASE\b/, /terminal/]) {
    await assert.rejects(ask({}), failing('PASSPHRASE_NEEDED', words));
  }
  const output = { ...screen(), isTTY: false };
  await assert.rejects(
    ask({ terminal: { input: new Keyboard('x\r'), output } }),
    failing('PASSPHRASE_NEEDED', /needed/),
  );
});

test('typing: nothing is echoed, mistakes can be taken back, characters may arrive in halves', async () => {
  const typed = async (...lines: (string | Uint8Array)[]) => {
    const input = new Keyboard(...lines);
    const output = screen();
    const { text } = await ask({ terminal: { input, output } });
    assert.deepEqual(output.written, ['Passphrase of the key: ', '\n']);
    assert.equal(input.raw, false);
    return text;
  };
  assert.equal(await typed('geheim\r'), 'geheim');
  assert.equal(await typed('ge', 'hx\x7feim\n'), 'geheim');
  assert.equal(await typed('wrong\x15right\r'), 'right');
  assert.equal(await typed('a\x1b[Ab\r'), 'ab');
  assert.equal(await typed(Buffer.from([0xc3]), Buffer.from([0xa4, 0x0d])), 'ä');
  assert.equal(await typed('x😀\x7fy\r'), 'xy');
});

test('Ctrl-C cancels, an end without a line is no passphrase, and the terminal is set back', async () => {
  const input = new Keyboard('abc\x03');
  await assert.rejects(ask({ terminal: { input, output: screen() } }), failing('CANCELLED', /Cancelled/));
  assert.equal(input.raw, false);
  await assert.rejects(
    ask({ terminal: { input: new Keyboard('abc'), output: screen() } }),
    failing('PASSPHRASE_NEEDED', /./),
  );
  const signal = AbortSignal.abort();
  await assert.rejects(
    ask({ signal, terminal: { input: new Keyboard(), output: screen() } }),
    failing('CANCELLED', /./),
  );
});
