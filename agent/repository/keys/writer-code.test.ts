import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWriterCode, writerCode } from './writer-code.ts';

const writer = {
  repository: '11'.repeat(16),
  id: '22'.repeat(16),
  host: 'db-1',
  publicKey: new Uint8Array(32).fill(3),
  joinKey: new Uint8Array(32).fill(4),
};

test('has 80 bits in four groups, and another code when anything of the writer is other', () => {
  const code = writerCode(writer);
  assert.match(code, /^(?:[0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/);
  const others = [
    { ...writer, repository: '12'.repeat(16) },
    { ...writer, id: '23'.repeat(16) },
    { ...writer, host: 'db-2' },
    { ...writer, publicKey: new Uint8Array(32).fill(5) },
    { ...writer, joinKey: new Uint8Array(32).fill(5) },
  ];
  assert.equal(new Set([code, ...others.map(writerCode)]).size, 6);
});

test('is read as people type it', () => {
  const code = writerCode(writer);
  for (const typed of [code, code.toUpperCase(), code.replaceAll('-', ''), code.replaceAll('-', ' '), ` ${code} `]) {
    assert.equal(readWriterCode(typed), code);
  }
  assert.equal(readWriterCode('O0oI-lL11-0000-0000'), '0001-1111-0000-0000');
  for (const typed of ['', code.slice(1), `${code}0`, code.replace(/.$/, 'u'), code.replace(/.$/, '!')]) {
    assert.equal(readWriterCode(typed), undefined);
  }
});
