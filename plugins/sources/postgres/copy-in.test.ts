import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { Connection } from 'pg';
import { CopyIn } from './copy-in.ts';

function started(): { copy: CopyIn; sent: Buffer[] } {
  const stream = new PassThrough();
  const sent: Buffer[] = [];
  stream.on('data', (bytes: Buffer) => sent.push(bytes));
  const copy = new CopyIn('COPY t FROM STDIN');
  copy.submit({ stream, query: () => {} } as unknown as Connection);
  copy.handleCopyInResponse();
  return { copy, sent };
}

/** The messages that were sent: letter, and content. */
function messagesOf(sent: readonly Buffer[]): { kind: string; content: Buffer }[] {
  const bytes = Buffer.concat(sent);
  const found: { kind: string; content: Buffer }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at + 1);
    found.push({ kind: String.fromCharCode(bytes[at] as number), content: bytes.subarray(at + 5, at + 1 + length) });
    at += 1 + length;
  }
  return found;
}

test('rows go out as messages of at most 4 MiB, and then their end', async () => {
  const { copy, sent } = started();
  await copy.started;
  const rows = Buffer.alloc(9 * 2 ** 20, 'row\n');
  await copy.write(rows);
  const ended = copy.finish();
  copy.handleCommandComplete({ text: 'COPY 7' });
  copy.handleReadyForQuery();
  assert.equal(await ended, 7);
  const messages = messagesOf(sent);
  assert.deepEqual(
    messages.map(({ kind, content }) => [kind, content.length]),
    [
      ['d', 4 * 2 ** 20],
      ['d', 4 * 2 ** 20],
      ['d', 2 ** 20],
      ['c', 0],
    ],
  );
  assert.ok(Buffer.concat(messages.map(({ content }) => content)).equals(rows));
});

test('what the server refuses ends the writing, and nothing more is sent', async () => {
  const { copy, sent } = started();
  await copy.write(Buffer.from('1\n'));
  copy.handleError(Object.assign(new Error('invalid input syntax'), { code: '22P02' }));
  await assert.rejects(copy.write(Buffer.from('2\n')), { code: '22P02' });
  await copy.fail('nothing came');
  assert.deepEqual(
    messagesOf(sent).map(({ kind }) => kind),
    ['d'],
  );
});

test('whose rows end too early tells the server so, and waits for its answer', async () => {
  const { copy, sent } = started();
  const failed = copy.fail('nothing came');
  copy.handleError(new Error('COPY from stdin failed: nothing came'));
  await failed;
  const [{ kind, content } = { kind: '', content: Buffer.alloc(0) }] = messagesOf(sent);
  assert.deepEqual([kind, content.toString()], ['f', 'nothing came\0']);
});
