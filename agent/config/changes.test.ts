import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { changesBetween } from './changes.ts';
import { consequencesOf } from './consequences.ts';
import { gatherText } from './gathering.ts';
import { policyOf, writtenPolicy } from './load.ts';
import { noVariables } from './variables.ts';

const base = `
version: 1
recipients: { ops: { publicKey: ops.asc } }
targets: { local: { type: local, path: /b }, nas: { type: local, path: /n } }
sources: { app: { type: files, paths: [/srv], exclude: [tmp/] }, db: { type: files, paths: [/db] } }
retention: { audit: { keep: { daily: 14 } }, long: {} }
jobs:
  app: { source: app, targets: [local, nas], schedule: hourly, retention: audit }
  db: { source: db, targets: [local] }
`;

function read(text: string) {
  const gathered = gatherText(text, '/etc/p.yaml', { plugins: builtinPlugins(), variables: noVariables });
  const { policy, diagnostics } = policyOf(gathered, 'h');
  assert.ok(policy, JSON.stringify(diagnostics));
  return { policy, written: writtenPolicy(gathered) };
}

/** The changes from the base, each with what follows from it. */
function changes(from: string, to: string, original = base): string[] {
  const text = original.replace(from, to);
  assert.notEqual(text, original);
  const [before, after] = [read(original), read(text)];
  return changesBetween(before.written, after.written).map((change) => {
    const consequences = consequencesOf(change, { before: before.policy, after: after.policy });
    const kind = change.before === undefined ? '+' : change.after === undefined ? '-' : '~';
    return [kind, change.path.join('.'), ...consequences.map(({ level, text: said }) => `${level}: ${said}`)].join(
      ' | ',
    );
  });
}

describe('a change of a policy', () => {
  test('is found by field, and says what follows', () => {
    assert.deepEqual(changes('schedule: hourly', 'schedule: daily at 02:00'), [
      '~ | jobs.app.schedule | risk: at most 1d lie between two starts, before it was 1h',
    ]);
    assert.deepEqual(changes('schedule: hourly', 'schedule: 15m'), [
      '~ | jobs.app.schedule | note: at most 15m lie between two starts, before it was 1h',
    ]);
    assert.deepEqual(changes('schedule: hourly, ', ''), [
      '- | jobs.app.schedule | risk: nothing says any more when it runs',
    ]);
    const [line = ''] = changes('[local, nas]', '[local]');
    assert.match(line, /^~ \| jobs\.app\.targets \| risk: nothing new goes to nas/);
    assert.match(changes('retention: audit', 'retention: long')[0] ?? '', /another domain/);
    assert.match(changes('exclude: [tmp/]', 'exclude: []')[0] ?? '', /^~ \| sources\.app\.exclude \| note/);
    assert.match(changes('exclude: [tmp/]', 'exclude: [tmp/, "*"]')[0] ?? '', /risk: in no backup from now on/);
    assert.match(changes('paths: [/srv]', 'paths: [/srw]')[0] ?? '', /risk: not backed up any more: \/srv/);
    assert.match(
      changes('daily: 14', 'daily: 7')[0] ?? '',
      /^~ \| retention\.audit\.keep\.daily \| risk: less is kept/,
    );
    assert.match(changes('daily: 14', 'daily: 15')[0] ?? '', /\| note/);
    assert.match(
      changes('source: db, ', 'source: db, hosts: [h], ')[0] ?? '',
      /risk: the job may not run any more on all/,
    );
    assert.match(changes('{ ops:', '{ safe: { publicKey: s.asc }, ops:')[0] ?? '', /^\+ \| recipients\.safe \| note/);
  });

  test('that takes a job away says whether its source is still protected', () => {
    assert.match(
      changes('  db: { source: db, targets: [local] }\n', '')[0] ?? '',
      /risk: source "db" is not protected/,
    );
    const twice = `${base}  again: { source: db, targets: [nas] }\n`;
    const [line = ''] = changes('  db: { source: db, targets: [local] }\n', '', twice);
    assert.match(line, /^- \| jobs\.db \| note: what it stored stays/);
  });

  test('that disables a job is a risk', () => {
    assert.match(
      changes('targets: [local] }', 'targets: [local], enabled: false }')[0] ?? '',
      /risk: the job does not run/,
    );
  });

  test('is none when only the writing differs: order, comments, quotes, files, defaults', () => {
    const [, first = '', ...rest] = base.split('\n');
    assert.deepEqual(changes(base, `# moved\n${rest.join('\n')}${first}\n`), []);
    const defaults = 'defaults: { jobs: { targets: [local] } }\n';
    assert.deepEqual(changes('  db: { source: db, targets: [local] }\n', `  db: { source: "db" }\n${defaults}`), []);
  });

  test('of a schedule with a name says what it does to the jobs that have it', () => {
    const named = base.replace('schedule: hourly', 'schedule: often').concat('schedules: { often: hourly }\n');
    assert.deepEqual(changes('often: hourly', 'often: daily at 02:00', named), [
      '~ | schedules.often | risk: job "app": at most 1d lie between two starts, before it was 1h',
    ]);
    const [line = ''] = changes('jobs:', 'schedules: { night: daily at 02:00 }\njobs:');
    assert.equal(line, '+ | schedules.night');
  });

  test('of what a target keeps names the target', () => {
    const rules = 'targets: { local: { keep: { daily: 14 } } }';
    const tiers = base.replace('long: {}', `long: { keep: { monthly: 84 }, minimum: 7y, ${rules} }`);
    const target = 'retention.long.targets.local';
    const less = 'risk: less is kept on local: plan shows which snapshots would be kept and removed';
    const more = 'note: plan shows which snapshots would be kept and removed';
    const [stricter, kinder] = ['daily: 7', 'daily: 30'].map((rule) =>
      changes(rules, rules.replace('daily: 14', rule), tiers),
    );
    assert.deepEqual(stricter, [`~ | ${target}.keep.daily | ${less}`]);
    assert.deepEqual(kinder, [`~ | ${target}.keep.daily | ${more}`]);
    const unpromised = 'risk: the minimum of "long" is not promised on nas any more';
    const both = 'targets: { nas: { keep: { daily: 14, monthly: 84 } }, local: { keep: { daily: 14 } } }';
    assert.deepEqual(changes(rules, both, tiers), [`+ | retention.long.targets.nas | ${unpromised}`]);
    assert.deepEqual(changes(`, ${rules}`, '', tiers), [`- | retention.long.targets | ${less}`]);
    const all = 'targets: { local: { keep: {} } }';
    assert.deepEqual(changes(rules, all, tiers), [`- | ${target}.keep.daily | ${more}`]);
    assert.deepEqual(changes(all, rules, tiers.replace(rules, all)), [`+ | ${target}.keep.daily | ${less}`]);
    assert.match(
      changes('minimum: 7y', 'minimum: 7y, timezone: Asia/Tokyo', tiers)[0] ?? '',
      /timezone \| risk: what stands/,
    );
  });

  test('of a hold says what is not held any more', () => {
    const hold = 'case: { by: legal, why: Case 117, until: 2031-12-31, jobs: [app, db] }';
    const held = `${base}holds:\n  ${hold}\n`;
    assert.deepEqual(changes(`holds:\n  ${hold}\n`, '', held), [
      '- | holds.case | risk: what "case" held may be removed as the rules say (hold by legal: Case 117)',
    ]);
    assert.deepEqual(changes(base, held), ['+ | holds.case | note: what it covers stays, whatever the rules say']);
    assert.match(changes('2031-12-31', '2030-12-31', held)[0] ?? '', /risk: it ends 2030-12-31T23:59:59.999Z, earlier/);
    assert.match(changes('2031-12-31', '2032-12-31', held)[0] ?? '', /note: it holds longer/);
    assert.match(changes(', until: 2031-12-31', '', held)[0] ?? '', /note: it holds longer/);
    assert.match(changes('[app, db]', '[db]', held)[0] ?? '', /risk: it does not cover app any more/);
    assert.match(changes(', jobs: [app, db]', '', held)[0] ?? '', /note: it covers everything/);
    const all = held.replace(', jobs: [app, db]', '');
    assert.match(changes('2031-12-31 }', '2031-12-31, jobs: [app] }', all)[0] ?? '', /risk: it covers only these/);
  });

  test('of one host only stands under the host', () => {
    const disabled = 'hosts: { "*": { jobs: { app: { enabled: false } } } }\n';
    assert.match(changes('jobs:', `${disabled}jobs:`)[0] ?? '', /risk: jobs do not run any more on \*/);
    const hosts = 'hosts: { db-1: { limits: { files: 2 } } }\n';
    assert.deepEqual(changes('files: 2', 'files: 3', `${base}${hosts}`), [
      '~ | hosts.db-1.limits.files | note: only on db-1',
    ]);
  });
});
