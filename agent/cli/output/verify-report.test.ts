import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VerifyReport } from '../../recovery/verification.ts';
import { renderVerify } from './verify-report.ts';

const report: VerifyReport = {
  verdict: 'ok',
  level: 'list',
  traceId: '0'.repeat(32),
  durationMs: 1,
  phases: [],
  checked: { snapshots: 1, packs: 0, indexes: 0, frames: 0, bytes: 0, restored: 0 },
  findings: [],
  notes: [],
  passedOver: [],
  problems: [],
};
const plain = (_: string, text: string) => text;

test('what was not looked at is not called proven', () => {
  const all = renderVerify(report, plain);
  assert.match(all, /nothing is damaged/);
  assert.match(all, /proven/);
  const part = renderVerify({ ...report, notes: ['what snapshots of web-1 refer to was not checked'] }, plain);
  assert.match(part, /nothing that was looked at is damaged/);
  assert.match(part, /was not checked/);
  assert.doesNotMatch(part, /proven/);
});

test('what was passed over is said, and takes nothing from what is proven', () => {
  const one = { target: 'nas', prefix: 'sessions/', count: 1, first: 'sessions/junk' };
  const text = renderVerify({ ...report, passedOver: [one, { ...one, prefix: 'packs/', count: 1200 }] }, plain);
  assert.match(text, /nothing is damaged/);
  assert.match(text, /proven/);
  assert.match(text, /passed over +target nas: 1 object in sessions\/ of .*: sessions\/junk$/m);
  assert.match(text, /target nas: 1,200 objects in packs\/ .* and more$/m);
});

test('of one target that was looked at, no more is proven', () => {
  const restored = renderVerify({ ...report, level: 'restore' }, plain, 'nas');
  assert.match(restored, /the newest snapshot of each job on target nas was restored/);
  assert.match(renderVerify(report, plain, 'nas'), /proven +on target nas, every object/);
});
