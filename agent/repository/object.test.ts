import assert from 'node:assert/strict';
import test from 'node:test';
import { checkHeader, HEADER_BYTES, objectHeader } from './object.ts';
import { refusal } from './refusal.ts';

function changed(index: number, value: number): Uint8Array {
  const header = objectHeader('pack');
  header[index] = value;
  return header;
}

test('a header is accepted for its own type only', () => {
  const header = objectHeader('pack');
  assert.equal(Buffer.from(header).toString('hex'), '4846535402010100');
  checkHeader(header, 'pack', 'packs/x');
  checkHeader(Buffer.concat([header, Buffer.alloc(10)]), 'pack', 'packs/x');
  assert.throws(() => checkHeader(header, 'index', 'packs/x'), refusal('OBJECT_DAMAGED'));
});

test('a newer version or suite asks for a newer agent, whatever the type', () => {
  assert.throws(() => checkHeader(changed(5, 2), 'pack', 'packs/x'), refusal('FORMAT_NEWER'));
  assert.throws(() => checkHeader(changed(5, 2), 'index', 'packs/x'), refusal('FORMAT_NEWER'));
  assert.throws(() => checkHeader(changed(6, 2), 'pack', 'packs/x'), refusal('FORMAT_NEWER'));
});

test('what was never written is damage', () => {
  for (const bytes of [changed(5, 0), changed(6, 0), changed(7, 1), changed(0, 0), new Uint8Array()]) {
    assert.throws(() => checkHeader(bytes, 'pack', 'packs/x'), refusal('OBJECT_DAMAGED'));
  }
  for (let length = 0; length < HEADER_BYTES; length++) {
    const short = objectHeader('pack').subarray(0, length);
    assert.throws(() => checkHeader(short, 'pack', 'packs/x'), refusal('OBJECT_DAMAGED'));
  }
});

test('a marker without the magic is not a repository', () => {
  assert.throws(() => checkHeader(Buffer.from('hello, world'), 'repository', 'packs/x'), refusal('NOT_A_REPOSITORY'));
  assert.throws(() => checkHeader(new Uint8Array(), 'repository', 'at/this/key'), /at\/this\/key/);
});
