import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOST } from './few.ts';
import { Lacking, UNOWNED } from './lacking.ts';
import { Skips } from './skips.ts';

const MANY = 50_000;

function lackingMany(nameOf: (n: number) => string): { lacking: Lacking; skips: Skips } {
  const skips = new Skips();
  const lacking = new Lacking(skips);
  for (let n = 0; n < MANY; n++) {
    lacking.add(nameOf(n), { what: 'owner', code: UNOWNED });
    lacking.add(nameOf(n), { what: 'set-user-id', code: UNOWNED });
    lacking.add(nameOf(n), { what: { xattr: 'trusted.a' }, code: 'EPERM' });
    lacking.add(nameOf(n), { what: { xattr: 'trusted.b' }, code: 'EPERM' });
  }
  return { lacking, skips };
}

test('all are counted, once each, and the first are named', () => {
  const { lacking, skips } = lackingMany((n) => `file ${n}`);
  assert.deepEqual(
    lacking.unset.map(({ part, count, named }) => [part, count, named.length, named[1], named.at(-1)]),
    [
      ['owner', MANY, 1000, 'file 1', 'file 999'],
      ['set-user-id', MANY, MOST, 'file 1', `file ${MOST - 1}`],
      ['xattr', MANY, MOST, 'file 1', `file ${MOST - 1}`],
    ],
  );
  const others = skips.all.filter(({ what }) => what === 'others').map(({ failure }) => failure);
  assert.deepEqual(
    others.map(({ code, message }) => `${code}: ${message.split(' ', 1)}`),
    ['RESTORE_RIGHTS: 40,000', 'RESTORE_ATTRIBUTE: 90,000'],
  );
  assert.ok(others.every(({ hint }) => hint !== undefined));
  assert.equal(skips.all.length, 2 * MOST + 2, 'an owner that nobody expects to be set leaves nothing incomplete');
});

test('names that were made to fill memory do not', () => {
  const { lacking, skips } = lackingMany((n) => `${n}\x1b`.padStart(4096, '\x1b'));
  for (const { part, count, named } of lacking.unset) {
    assert.equal(count, MANY);
    assert.ok(named.length > 0 && named.join('').length <= 1 << 20, part);
  }
  assert.ok(JSON.stringify(skips.all).length < 8 << 20);
});

test('whatever else is skipped is held no longer than that, of each kind', () => {
  const skips = new Skips();
  const failure = { code: 'RESTORE_SPECIAL', message: 'a device', origin: 'source', permanent: true } as const;
  for (let n = 0; n < MANY; n++) skips.add(`device ${n}`, failure);
  skips.add('last', { ...failure, code: 'RESTORE_IO' });
  assert.equal(skips.all.length, MOST + 2);
  assert.deepEqual(
    skips.all.slice(-2).map(({ what, failure: { code } }) => [what, code]),
    [
      ['last', 'RESTORE_IO'],
      ['others', 'RESTORE_SPECIAL'],
    ],
  );
});
