import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { Connection } from 'pg';
import { CopyOut } from './copy-out.ts';

const message = (kind: string, content: string) => {
  const bytes = Buffer.from(`${kind}....${content}`, 'latin1');
  bytes.writeUInt32BE(content.length + 4, 1);
  return bytes;
};

const ROWS = ['1\tone\n', '2\ttwo\n', '\n', `3\t${'x'.repeat(300)}\n`, '4\tfour\n'];
/** A notice may come between rows, and columns are described before them. */
const sent = [message('H', '\0\0\x02\0\0\0\0'), ...ROWS.map((row) => message('d', row))];
sent.splice(3, 0, message('N', 'a notice, d'));
const DONE = [message('c', ''), message('C', 'COPY 5\0'), message('Z', 'T')];

/** Gives `bytes` to a query in pieces of `size`; what it took, and what was left to pg. */
async function received(bytes: Buffer, size: number, keeps: boolean): Promise<{ rows: string; left: Buffer }> {
  const stream = new PassThrough();
  const left: Buffer[] = [];
  stream.on('data', (piece: Buffer) => left.push(piece));
  const asked: string[] = [];
  let rows = '';
  const kept: Uint8Array[] = [];
  const take = (piece: Uint8Array) => {
    if (keeps) kept.push(piece);
    else rows += Buffer.from(piece).toString('latin1');
  };
  const copy = new CopyOut('COPY t TO STDOUT', take, keeps);
  copy.submit({ stream, query: (sql: string) => asked.push(sql) } as unknown as Connection);
  for (let at = 0; at < bytes.length; at += size) {
    // As a socket gives them: each in a buffer of its own.
    stream.write(Buffer.from(new Uint8Array(bytes.subarray(at, at + size)).buffer));
    await new Promise(setImmediate);
  }
  assert.deepEqual(asked, ['COPY t TO STDOUT']);
  return { rows: keeps ? Buffer.concat(kept).toString('latin1') : rows, left: Buffer.concat(left) };
}

test('rows come out of the messages they are in, wherever those are cut; what ends them is left to pg', async () => {
  const bytes = Buffer.concat([...sent, ...DONE]);
  for (const keeps of [true, false])
    for (const size of [1, 2, 3, 4, 5, 6, 7, 11, 64, 333, bytes.length]) {
      const { rows, left } = await received(bytes, size, keeps);
      assert.equal(rows, ROWS.join(''), `in pieces of ${size}`);
      assert.deepEqual(left, Buffer.concat(DONE), `in pieces of ${size}`);
    }
});

test('an error of the server between rows is left to pg, whole', async () => {
  const error = [message('E', 'SERROR\0C57014\0Mcanceled\0\0'), message('Z', 'E')];
  const bytes = Buffer.concat([...sent.slice(0, 3), ...error]);
  for (const size of [1, 4, 7, bytes.length]) {
    const { rows, left } = await received(bytes, size, true);
    assert.equal(rows, ROWS.slice(0, 2).join(''), `in pieces of ${size}`);
    assert.deepEqual(left, Buffer.concat(error), `in pieces of ${size}`);
  }
});

test('it tells how many rows the server sent, or why it ended', async () => {
  const query = () => new CopyOut('COPY t TO STDOUT', () => {}, true);
  const whole = query();
  whole.handleCommandComplete({ text: 'COPY 12' });
  whole.handleReadyForQuery();
  assert.equal(await whole.ended, 12);
  const broken = query();
  broken.handleError(new Error('Connection terminated unexpectedly'));
  await assert.rejects(broken.ended, /terminated/);
});
