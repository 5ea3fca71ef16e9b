import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMoment } from './moment.ts';

test('moments with an offset, and without one in the zone of this host', () => {
  const noon = Date.UTC(2026, 10, 20, 12);
  for (const text of [
    '2026-11-20T12:00Z',
    '2026-11-20 12:00 UTC',
    '2026-11-20T13:00:00.000+01:00',
    '2026-11-20 06:30 -0530',
  ])
    assert.equal(parseMoment(text), noon, text);
  assert.equal(parseMoment('2026-11-20 14:00'), new Date(2026, 10, 20, 14).getTime());
  assert.equal(parseMoment('2026-11-20'), new Date(2026, 10, 20).getTime());
  assert.equal(parseMoment('2028-02-29T00:00:00.25Z'), Date.UTC(2028, 1, 29, 0, 0, 0, 250));
});

test('ids, days that there are not, and what else Date.parse makes a date of are none', () => {
  const none = [
    '07587dec',
    '00000001',
    '12',
    '2026',
    '2026-11',
    '2026-02-30',
    '2026-02-29 10:00',
    '2026-13-01',
    '2026-11-00',
  ];
  const odd = [
    '2026-11-20 24:00',
    '2026-11-20 14',
    '2026-11-20 14:00 CET',
    'Nov 20 2026',
    'latest',
    '',
    '2026-11-20 14:00+99:00',
  ];
  for (const text of [...none, ...odd]) assert.equal(parseMoment(text), undefined, text);
});
