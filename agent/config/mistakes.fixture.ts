/** One way to get a policy wrong. */
export interface Mistake {
  readonly name: string;
  /** The whole policy. `‸` stands before each place that must be pointed at, in their order, and is taken out. */
  readonly text: string;
  /** Code and, where there is one, suggestion of each error. */
  readonly expected: readonly string[];
  /** Why a schema alone cannot see it. */
  readonly beyondSchema?: string;
}

const recipients = 'recipients: { ops: { publicKey: ops.asc } }';
const targets = 'targets: { local: { type: local, path: /backup } }';
const sources = 'sources: { app: { type: files, paths: [/srv] } }';
const jobs = 'jobs: { app: { source: app, targets: [local] } }';

/** A right policy, with one section written otherwise. */
function policy(sections: Readonly<Record<string, string>>): string {
  const all = { version: 'version: 1', recipients, targets, sources, jobs, ...sections };
  return `${Object.values(all).join('\n')}\n`;
}

const job = (fields: string) => policy({ jobs: `jobs:\n  app: { ${fields} }` });
const databaseJob = (fields: string) =>
  policy({
    sources: 'sources: { db: { type: postgres, connection: { host: /run/postgresql } } }',
    jobs: `jobs:\n  db: { ${fields} }`,
  });
const pipeline = (...steps: string[]) => {
  return policy({ pipelines: ['pipelines:', '  ‸own:', ...steps.map((step) => `    - ${step}`)].join('\n') });
};
const ordered = (...steps: string[]) => pipeline(...steps).replace('‸own', 'own');

const database = (fields: string) =>
  policy({
    sources: `sources:\n  db:\n    type: postgres\n    connection: { host: /run/postgresql }\n    ${fields}`,
    jobs: 'jobs: { db: { source: db, targets: [local] } }',
  });
const masks = (rules: string) => database(`masks: { staging: { rules: [${rules}] } }`);

export const mistakes: readonly Mistake[] = [
  {
    name: 'masks that need a key, and have none',
    text: masks('{ table: a, columns: { x: { with: "null" }, y: ‸{ with: fake }, z: ‸{ with: hash } } }'),
    expected: ['HF4028', 'HF4028'],
    beyondSchema: 'whether a key is needed depends on the rules',
  },
  {
    name: 'a table of too many parts to be left out',
    text: database('exclude: [logs, ‸a.b.c.d, \'"a.b".c\']'),
    expected: ['HF2012'],
  },
  {
    name: 'a table with a part that is nothing',
    text: database('exclude: [‸public..x]'),
    expected: ['HF2012'],
  },
  {
    name: 'a table of too many parts to be masked',
    text: masks('{ table: ‸a.b.c.d, columns: { x: { with: "null" } } }'),
    expected: ['HF2012'],
  },
  {
    name: 'a table of too many parts to be selected',
    text: databaseJob('source: db, targets: [local], select: { tables: [‸a.b.c.d] }'),
    expected: ['HF2012'],
  },
  { name: 'an unclosed double quote', text: policy({ limits: 'limits: { memory: ‸"1GiB }' }), expected: ['HF1007'] },
  { name: 'an unclosed single quote', text: policy({ x: "x-note: ‸'one\nx-more: two" }), expected: ['HF1007'] },
  {
    name: 'an unclosed bracket',
    text: policy({ jobs: 'jobs:\n  app:\n    targets: ‸[local\n    source: app' }),
    expected: ['HF1007'],
  },
  {
    name: 'an unclosed brace',
    text: policy({ jobs: 'jobs:\n  app: ‸{ source: app, targets: [local]\nlimits: {}' }),
    expected: ['HF1007'],
  },
  { name: 'a tab', text: policy({ jobs: 'jobs:\n‸\tapp: { source: app, targets: [local] }' }), expected: ['HF1006'] },
  {
    name: 'a key twice',
    text: policy({ jobs: 'jobs:\n  app: { source: app, targets: [local], ‸source: app }' }),
    expected: ['HF1005'],
  },
  { name: 'a section twice', text: policy({ again: '‸jobs: {}' }), expected: ['HF1005'] },
  { name: 'an unknown alias', text: policy({ limits: 'limits: ‸*small' }), expected: ['HF1008'] },
  { name: 'an alias of itself', text: policy({ x: 'x-loop: &loop { again: ‸*loop }' }), expected: ['HF1008'] },
  { name: 'two documents', text: policy({ end: '‸---\nversion: 1' }), expected: ['HF1009'] },
  { name: 'no text at all', text: '‸# nothing but a comment\n', expected: ['HF1010'] },
  { name: 'a key that is a list', text: policy({ x: 'x-odd:\n  ? ‸[a, b]\n  : 1' }), expected: ['HF1011'] },
  { name: 'a tag', text: policy({ limits: 'limits: { memory: ‸!env MEMORY }' }), expected: ['HF1012'] },
  { name: 'two keys on one line', text: policy({ limits: 'limits: ‸memory: 1GiB' }), expected: ['HF1004'] },

  { name: 'an unknown section', text: policy({ x: '‸retension: {}' }), expected: ['HF2001 retention'] },
  {
    name: 'an unknown field of a job',
    text: job('source: app, targets: [local], ‸pipline: standard'),
    expected: ['HF2001 pipeline'],
  },
  { name: 'a misspelt field that is needed', text: job('‸sorce: app, targets: [local]'), expected: ['HF2001 source'] },
  {
    name: 'a misspelt section, whose names are not reported as well',
    text: policy({ targets: targets.replace('targets', '‸tragets') }),
    expected: ['HF2001 targets'],
  },
  {
    name: 'another case',
    text: policy({ recipients: 'recipients: { ops: { ‸public_key: ops.asc } }' }),
    expected: ['HF2001 publicKey'],
  },
  {
    name: 'an unknown option of a plugin',
    text: policy({ sources: 'sources:\n  app:\n    type: files\n    paths: [/srv]\n    ‸excludes: [tmp]' }),
    expected: ['HF2001 exclude'],
  },
  {
    name: 'a field one level too high',
    text: policy({ retention: 'retention: { short: { ‸daily: 7 } }' }),
    expected: ['HF2001'],
  },
  { name: 'a missing field', text: policy({ jobs: 'jobs:\n  ‸app: { source: app }' }), expected: ['HF2002'] },
  {
    name: 'a missing option of a plugin',
    text: policy({ targets: 'targets: { ‸local: { type: local } }' }),
    expected: ['HF2002'],
  },
  { name: 'a name where a list belongs', text: job('source: app, targets: ‸local'), expected: ['HF2003 [local]'] },
  {
    name: 'nothing where a list belongs',
    text: policy({ jobs: 'jobs:\n  app:\n    source: app\n    ‸targets:' }),
    expected: ['HF2003'],
  },
  { name: 'text where a number belongs', text: policy({ limits: 'limits: { workers: ‸many }' }), expected: ['HF2003'] },
  { name: 'a policy that is a list', text: '‸- version: 1\n', expected: ['HF2003'] },
  {
    name: 'a choice',
    text: policy({ sources: 'sources: { app: { type: files, paths: [/srv], onMissing: ‸skp } }' }),
    expected: ['HF2004 skip'],
  },
  {
    name: 'no encryption',
    text: ordered('chunk: fastcdc', 'compress: zstd', 'encrypt: ‸none', 'checksum: sha256'),
    expected: ['HF2004 aes-256-gcm'],
  },
  {
    name: 'a bad name',
    text: policy({ retention: 'retention: { ‸Seven Years: {} }' }),
    expected: ['HF2005 seven-years'],
  },
  {
    name: 'a duration in words',
    text: job('source: app, targets: [local], timeout: ‸2 hours'),
    expected: ['HF2006 2h'],
  },
  { name: 'a duration without a unit', text: job('source: app, targets: [local], timeout: ‸90'), expected: ['HF2006'] },
  {
    name: 'a duration that is no fixed length',
    text: job('source: app, targets: [local], timeout: ‸1y'),
    expected: ['HF2006'],
  },
  { name: 'a size', text: policy({ limits: 'limits: { memory: ‸512 mb }' }), expected: ['HF2007 512MB'] },
  {
    name: 'a size in an option of a plugin, which may be a number too',
    text: ordered(
      'chunk: { algorithm: fixed, size: ‸64kb }',
      'compress: none',
      'encrypt: aes-256-gcm',
      'checksum: sha256',
    ),
    expected: ['HF2007 64kB'],
  },
  { name: 'a rate', text: policy({ limits: 'limits: { bandwidth: ‸100 mbit/s }' }), expected: ['HF2008 100Mbps'] },
  { name: 'a number out of range', text: policy({ limits: 'limits: { workers: ‸0 }' }), expected: ['HF2009'] },
  { name: 'an empty list', text: job('source: app, targets: ‸[]'), expected: ['HF2010'] },
  { name: 'a target twice', text: job('source: app, targets: [local, ‸local]'), expected: ['HF2010'] },
  { name: 'no recipient', text: policy({ recipients: 'recipients: ‸{}' }), expected: ['HF2010'] },
  { name: 'another version', text: policy({ version: 'version: ‸7' }), expected: ['HF2013'] },
  { name: 'a version as text', text: policy({ version: 'version: ‸"1"' }), expected: ['HF2013 1'] },
  {
    name: 'an unknown source plugin',
    text: policy({ sources: 'sources: { app: { type: ‸file, paths: [/srv] } }' }),
    expected: ['HF2014 files'],
  },
  {
    name: 'an unknown codec',
    text: ordered('chunk: fastcdc', 'compress: ‸zstandard', 'encrypt: aes-256-gcm', 'checksum: sha256'),
    expected: ['HF2014'],
  },
  {
    name: 'an unknown chunker with options',
    text: ordered(
      'chunk: { algorithm: ‸fastdcd, min: 1MiB }',
      'compress: zstd',
      'encrypt: aes-256-gcm',
      'checksum: sha256',
    ),
    expected: ['HF2014 fastcdc'],
  },

  { name: 'an unknown source', text: job('source: ‸ap, targets: [local]'), expected: ['HF3001 app'] },
  { name: 'an unknown target', text: job('source: app, targets: [local, ‸locl]'), expected: ['HF3002 local'] },
  {
    name: 'an unknown pipeline',
    text: job('source: app, targets: [local], pipeline: ‸standart'),
    expected: ['HF3003 standard'],
  },
  {
    name: 'an unknown retention class',
    text: job('source: app, targets: [local], retention: ‸forever'),
    expected: ['HF3004'],
  },
  {
    name: 'an unknown recipient',
    text: job('source: app, targets: [local], recipients: [‸opps]'),
    expected: ['HF3005 ops'],
  },

  {
    name: 'compression before cutting',
    text: ordered('compress: zstd', '‸chunk: fastcdc', 'encrypt: aes-256-gcm', 'checksum: sha256'),
    expected: ['HF4001'],
  },
  {
    name: 'encryption before compression',
    text: ordered('chunk: fastcdc', 'encrypt: aes-256-gcm', '‸compress: zstd', 'checksum: sha256'),
    expected: ['HF4001'],
  },
  {
    name: 'a pipeline without encryption',
    text: pipeline('chunk: fastcdc', 'compress: zstd', 'checksum: sha256'),
    expected: ['HF4002'],
  },
  {
    name: 'an empty pipeline',
    text: policy({ pipelines: 'pipelines: { ‸‸‸‸own: [] }' }),
    expected: ['HF4002', 'HF4002', 'HF4002', 'HF4002'],
  },
  {
    name: 'a stage twice',
    text: ordered('chunk: fastcdc', 'compress: zstd', '‸compress: gzip', 'encrypt: aes-256-gcm', 'checksum: sha256'),
    expected: ['HF4003'],
  },
  {
    name: 'two targets in one place',
    text: policy({
      targets: 'targets: { local: { type: local, path: /backup }, other: { type: local, path: /backup/ } }',
      jobs: 'jobs: { app: { source: app, targets: [local, ‸other] } }',
    }),
    expected: ['HF4004'],
  },
  {
    name: 'a target in what is backed up into it',
    text: policy({
      targets: 'targets: { local: { type: local, path: /srv/app/backup } }',
      sources: 'sources: { app: { type: files, paths: [/srv/app], exclude: [/other/] } }',
      jobs: 'jobs: { app: { source: app, targets: [‸local] } }',
    }),
    expected: ['HF4009'],
  },
  {
    name: 'a selection from a source that cannot select',
    text: job('source: app, targets: [local], ‸select: { tables: [a] }'),
    expected: ['HF4005'],
  },
  {
    name: 'a selection in words that its source does not know',
    text: databaseJob('source: db, targets: [local], select: { ‸table: [a] }'),
    expected: ['HF2001 tables'],
  },
  {
    name: 'a selection of the wrong form',
    text: databaseJob('source: db, targets: [local], select: { tables: ‸a }'),
    expected: ['HF2003 [a]'],
  },
  {
    name: 'a selection of nothing',
    text: databaseJob('source: db, targets: [local], select: ‸{}'),
    expected: ['HF2010'],
  },
  {
    name: 'other recipients in one class',
    text: policy({
      recipients: 'recipients: { ops: { publicKey: a.asc }, safe: { publicKey: b.asc } }',
      jobs: 'jobs:\n  app: { source: app, targets: [local] }\n  more: { source: app, targets: [local], recipients: ‸[ops] }',
    }),
    expected: ['HF4006'],
  },

  {
    name: 'a variable that is no variable',
    text: policy({ limits: 'limits:\n  memory: ‸${MEMORY-1GiB}\n  workers: ‸${WORKERS' }),
    expected: ['HF1014 ${MEMORY:-1GiB}', 'HF1014'],
  },
  {
    name: 'a variable between braces, without quotes',
    text: policy({ targets: 'targets: { local: { type: local, path: ‸${DIR}/backup } }' }),
    expected: ['HF1004'],
  },
  {
    name: 'a secret as a variable',
    text: policy({ targets: 'targets:\n  local:\n    type: local\n    path: ‸/backup/${DB_PASSWORD}' }),
    expected: ['HF2011'],
    beyondSchema: 'the name of a variable says it',
  },
  {
    name: 'a default of a variable that is none of the values possible',
    text: policy({ sources: 'sources:\n  app:\n    type: files\n    paths: [/srv]\n    onMissing: ‸${MISSING:-skp}' }),
    expected: ['HF2004 skip'],
    beyondSchema: 'a variable may hold anything',
  },
  {
    name: 'an include that is no list',
    text: policy({ include: 'include: ‸jobs.yaml' }),
    expected: ['HF2003 [jobs.yaml]'],
  },
  {
    name: 'an included file that is not there',
    text: policy({ include: 'include: [‸no-such-file.yaml]' }),
    expected: ['HF1016'],
  },
  {
    name: 'a source that is not yet available',
    text: policy({ sources: 'sources: { app: { type: ‸redis } }' }),
    expected: ['HF2014'],
  },

  {
    name: 'no schedule at all',
    text: job('source: app, targets: [local], schedule: ‸at night fall'),
    expected: ['HF2019'],
    beyondSchema: 'the words of a schedule',
  },
  {
    name: 'a pattern of cron that is none',
    text: job('source: app, targets: [local], schedule: { cron: ‸0 99 * * * }'),
    expected: ['HF2019'],
    beyondSchema: 'the words of a schedule',
  },
  {
    name: 'a day that never comes',
    text: job('source: app, targets: [local], schedule: ‸0 2 30 2 *'),
    expected: ['HF2019'],
    beyondSchema: 'the words of a schedule',
  },
  {
    name: 'a schedule said twice over',
    text: job("source: app, targets: [local], schedule: { every: 1h, at: ‸'02:00' }"),
    expected: ['HF2019'],
    beyondSchema: 'the words of a schedule',
  },
  {
    name: 'a schedule as other programs call it, of a job and among schedules',
    text: policy({
      schedules: "schedules: { first: ‸daily, second: ‸'@weekly' }",
      jobs: 'jobs:\n  app: { source: app, targets: [local], schedule: ‸daily }',
    }),
    expected: ['HF3006 daily at 02:00', 'HF2019 daily at 02:00', 'HF2019 weekly on sun at 02:00'],
    beyondSchema: 'the words of a schedule',
  },
  {
    name: 'quantities that make no sense',
    text: policy({
      sources: 'sources: { app: { type: files, paths: [/srv], objectives: { rpo: ‸0s } } }',
      jobs: 'jobs:\n  app: { source: app, targets: [local], timeout: ‸0s }',
      alerts: 'alerts:\n  - { when: storage.used, above: ‸0% }\n  - { when: backup.overdue, after: ‸0d0h }',
      plans: 'plans:\n  all: { rto: ‸0s, steps: [{ restore: app, at: ‸rubbish, timeout: ‸0 s }] }',
    }),
    expected: ['HF2009', 'HF2009', 'HF2012', 'HF2009', 'HF2009', 'HF2012', 'HF2006'],
  },
  {
    name: 'memory in which nothing fits',
    text: policy({ limits: 'limits: { memory: ‸1B }' }),
    expected: ['HF2009'],
    beyondSchema: 'that one size is less than another',
  },
  {
    name: 'a time of day as people say it',
    text: job('source: app, targets: [local], schedule: { at: ‸2am }'),
    expected: ['HF2019 02:00'],
  },
  {
    name: 'days without a time',
    text: job('source: app, targets: [local], schedule: { every: 1d, on: ‸weekdays }'),
    expected: ['HF2019'],
    beyondSchema: 'the words of a schedule',
  },
  {
    name: 'a day of the week that is none',
    text: job("source: app, targets: [local], schedule: { at: '02:00', on: ‸wedn }"),
    expected: ['HF2004 wed'],
  },
  {
    name: 'a time zone that is none',
    text: job("source: app, targets: [local], schedule: { at: '02:00', timezone: ‸Europe/Londn }"),
    expected: ['HF2020 Europe/London'],
    beyondSchema: 'the names of time zones',
  },
  {
    name: 'an unknown schedule',
    text: policy({
      schedules: 'schedules: { nightly: daily at 02:00 }',
      jobs: 'jobs:\n  app: { source: app, targets: [local], schedule: ‸nightlee }',
    }),
    expected: ['HF3006 nightly'],
  },
  {
    name: 'an unknown field of a schedule',
    text: policy({ schedules: "schedules: { nightly: { at: '02:00', ‸timezon: UTC } }" }),
    expected: ['HF2001 timezone'],
  },

  {
    name: 'an alert for what never happens',
    text: policy({ alerts: 'alerts:\n  - { when: ‸run.faild, notify: [] }' }),
    expected: ['HF2004 run.failed'],
  },
  {
    name: 'an alert without what it takes',
    text: policy({ alerts: 'alerts:\n  - ‸when: backup.overdue' }),
    expected: ['HF2002'],
  },
  {
    name: 'a share that is none',
    text: policy({ alerts: 'alerts:\n  - { when: storage.used, above: ‸lots }' }),
    expected: ['HF2012'],
  },
  {
    name: 'an unknown notifier',
    text: policy({
      notifiers: 'notifiers: { mail: { type: email, to: [a@example.net], from: b@example.net, server: localhost } }',
      alerts: 'alerts:\n  - { when: run.failed, notify: [‸mial] }',
    }),
    expected: ['HF3007 mail'],
  },
  {
    name: 'an alert about a job that is not there',
    text: policy({ alerts: 'alerts:\n  - { when: run.failed, jobs: [‸apps] }' }),
    expected: ['HF3009 app'],
  },
  {
    name: 'a notifier of an unknown type, and one with a secret in it',
    text: policy({
      notifiers: 'notifiers:\n  a: { type: ‸emial }\n  b: { type: slack, webhook: ‸https://hooks.example.net/1 }',
    }),
    expected: ['HF2014 email', 'HF2011'],
  },

  {
    name: 'steps that do nothing, or two things',
    text: policy({
      plans: 'plans:\n  all:\n    steps:\n      - ‸name: one\n      - { restore: app, ‸start: [x.service] }',
    }),
    expected: ['HF2002', 'HF2010'],
    beyondSchema: 'which fields go together',
  },
  {
    name: 'a step that restores nothing, to somewhere',
    text: policy({ plans: 'plans:\n  all:\n    steps:\n      - { start: [x.service], ‸into: /srv }' }),
    expected: ['HF2001'],
    beyondSchema: 'which fields go together',
  },
  {
    name: 'a plan that restores what is not there',
    text: policy({ plans: 'plans:\n  all:\n    steps:\n      - parallel: [{ restore: ‸apps }, { plan: ‸al }]' }),
    expected: ['HF3008 app', 'HF3008 all'],
  },
  {
    name: 'plans that call each other',
    text: policy({ plans: 'plans:\n  a: { steps: [{ plan: b }] }\n  b: { steps: [{ plan: ‸a }] }' }),
    expected: ['HF3010'],
  },
  {
    name: 'a domain of a class that is not there',
    text: policy({ domains: 'domains: { shared: { hosts: [db-1], retention: [‸trading] } }' }),
    expected: ['HF3011'],
  },
  {
    name: 'a domain of no host, of names that no host has, and of one host twice',
    text: policy({
      domains:
        'domains:\n  none: { hosts: ‸[], retention: [default] }\n  odd: { hosts: [‸db 1, ‸"-*"], retention: [default] }\n  twice: { hosts: [web-1, ‸web-1], retention: [default] }',
    }),
    expected: ['HF2010', 'HF2012', 'HF2012', 'HF2010'],
  },
  {
    name: 'a domain that is called like one of a single host, with a field that has another name',
    text: policy({ domains: 'domains: { ‸db-1/default: { ‸host: [db-1], retention: [default] } }' }),
    expected: ['HF2005 db-1-default', 'HF2001 hosts'],
  },
  {
    name: 'a class in two domains that have a host in common',
    text: policy({
      domains:
        'domains:\n  all: { hosts: ["db-*"], retention: [default] }\n  one: { hosts: [db-1], retention: [‸default] }\n  far: { hosts: ["web-*"], retention: [default] }',
    }),
    expected: ['HF4021'],
  },
  {
    name: 'a domain of a host that has no job of its class',
    text: policy({
      jobs: 'jobs: { app: { source: app, targets: [local], hosts: [db-1] } }',
      domains: 'domains: { all: { hosts: [db-1, ‸db-2, "db-*"], retention: [default] } }',
    }),
    expected: ['HF4022'],
  },
  {
    name: 'jobs of one shared domain with different recipients',
    text: policy({
      recipients: 'recipients: { ops: { publicKey: a.asc }, safe: { publicKey: b.asc } }',
      retention: 'retention: { books: {} }',
      jobs: 'jobs:\n  app: { source: app, targets: [local] }\n  more: { source: app, targets: [local], retention: books, recipients: ‸[ops] }',
      domains: 'domains: { all: { hosts: ["db-*"], retention: [default, books] } }',
    }),
    expected: ['HF4006'],
  },
  {
    name: 'domains that are other ones on one host',
    text: policy({ hosts: 'hosts:\n  db-1: { ‸domains: {} }' }),
    expected: ['HF2001'],
  },
  {
    name: 'a host that has what is the same everywhere, and a name no host has',
    text: policy({ hosts: 'hosts:\n  db-1: { ‸version: 1 }\n  ‸db 2: {}' }),
    expected: ['HF2001', 'HF2005'],
  },
  {
    name: 'a mistake that only one host has',
    text: policy({ hosts: 'hosts:\n  db-*:\n    limits: { workers: ‸many }' }),
    expected: ['HF2003'],
  },
  {
    name: 'a mistake in defaults, told once',
    text: policy({
      defaults: 'defaults: { jobs: { timeout: ‸2 hours } }',
      jobs: 'jobs:\n  a: { source: app, targets: [local] }\n  b: { source: app, targets: [local] }',
    }),
    expected: ['HF2006 2h'],
  },

  {
    name: 'a retention shorter than the schedule',
    text: policy({
      retention: 'retention: { short: { keep: { within: 12h } } }',
      jobs: 'jobs:\n  app: { source: app, targets: [local], schedule: daily at 02:00, retention: ‸short }',
    }),
    expected: ['HF4011'],
  },
  {
    name: 'a promise that the rules do not keep',
    text: policy({ retention: 'retention: { long: { keep: { monthly: 60 }, minimum: ‸7y } }' }),
    expected: ['HF4012'],
  },
  {
    name: 'a schedule that cannot meet its RPO',
    text: policy({
      sources: 'sources: { app: { type: files, paths: [/srv], objectives: { rpo: 15m } } }',
      jobs: 'jobs:\n  app: { source: app, targets: [local], schedule: ‸every 1h }',
    }),
    expected: ['HF4013'],
  },
  {
    name: 'a schedule that misses its RPO by the jitter',
    text: policy({
      sources: 'sources: { app: { type: files, paths: [/srv], objectives: { rpo: 1h } } }',
      jobs: 'jobs:\n  app:\n    source: app\n    targets: [local]\n    schedule: ‸{ every: 1h, jitter: 5m }',
    }),
    expected: ['HF4013'],
  },
  {
    name: 'an object lock longer than an erasure duty',
    text: policy({ retention: 'retention: { personal: { lock: ‸90d, erasure: 30d } }' }),
    expected: ['HF4015'],
  },
  {
    name: 'a promise that the rules do not keep, whatever the last ones are',
    text: policy({ retention: 'retention: { long: { keep: { last: 3, monthly: 60 }, minimum: ‸7y } }' }),
    expected: ['HF4012'],
  },
  {
    name: 'rules for a target that is not there',
    text: policy({ retention: 'retention: { books: { targets: { ‸locl: { keep: { daily: 7 } } } } }' }),
    expected: ['HF3012 local'],
  },
  {
    name: 'rules for a target that say nothing, and something that a target does not have',
    text: policy({
      retention: 'retention:\n  a: { targets: { ‸local: {} } }\n  b: { targets: { local: { keep: {}, ‸minimm: 7y } } }',
    }),
    expected: ['HF2002', 'HF2001'],
  },
  {
    name: 'a promise with other rules on every target of a job',
    text: policy({
      retention:
        'retention: { books: { keep: { yearly: 7 }, minimum: 7y, targets: { local: { keep: { daily: 7 } } } } }',
      jobs: 'jobs:\n  app: { source: app, targets: [local], retention: ‸books }',
    }),
    expected: ['HF4025'],
  },
  {
    name: 'a target that keeps less than the schedule',
    text: policy({
      targets: 'targets: { local: { type: local, path: /b }, nas: { type: local, path: /n } }',
      retention: 'retention: { short: { keep: { daily: 7 }, targets: { nas: { keep: { within: 12h } } } } }',
      jobs: 'jobs:\n  app: { source: app, targets: [local, nas], schedule: daily at 02:00, retention: ‸short }',
    }),
    expected: ['HF4011'],
  },
  {
    name: 'a retention class in a time zone that is none',
    text: policy({ retention: 'retention: { books: { timezone: ‸Europe/Berln } }' }),
    expected: ['HF2020 Europe/Berlin'],
    beyondSchema: 'the names of time zones',
  },
  {
    name: 'a hold that nobody asks for, and that is for nothing',
    text: policy({ holds: "holds:\n  ‸a: { why: x }\n  b: { by: ‸'', why: ‸' ' }" }),
    expected: ['HF2002', 'HF2012', 'HF2012'],
  },
  {
    name: 'ends of holds that are no dates',
    text: policy({
      holds:
        'holds:\n  a: { by: x, why: x, until: ‸2031-2-5 }\n  b: { by: x, why: x, until: ‸soon }\n  c: { by: x, why: x, until: ‸2031-12-31T18:00 }',
    }),
    expected: ['HF2021 2031-02-05', 'HF2021', 'HF2021'],
  },
  {
    name: 'ends of holds on days that no month has',
    text: policy({
      holds:
        'holds:\n  a: { by: x, why: x, until: ‸2031-02-29 }\n  b: { by: x, why: x, until: ‸2031-04-31T12:00Z }\n  c: { by: x, why: x, until: 2032-02-29 }',
    }),
    expected: ['HF2021 2031-02-28', 'HF2021 2031-04-30T12:00Z'],
    beyondSchema: 'how many days a month has',
  },
  {
    name: 'a hold on a job that is not there, and on snapshots by what is no id',
    text: policy({
      holds:
        'holds:\n  a: { by: x, why: x, jobs: [app, ‸apps], snapshots: [3f9a0c1e, ‸3F9A0C1E, ‸3f9a, ‸12345678, ‸1234e567] }\n  b: { by: x, why: x, jobs: ‸[] }',
    }),
    expected: ['HF3013 app', 'HF2012', 'HF2012', 'HF2003', 'HF2003', 'HF2010'],
  },
  {
    name: 'a hold that one host only has',
    text: policy({ hosts: 'hosts:\n  db-1: { ‸holds: {} }' }),
    expected: ['HF2001'],
  },
  {
    name: 'many at once, by place',
    text: [
      'version: ‸2',
      'recipients: { ops: { publicKey: ‸7 } }',
      'targets: { local: { type: ‸lokal, path: /b } }',
      'sources: { app: { type: files, paths: [/srv], ‸exclud: [] } }',
      'jobs:',
      '  app: { source: ‸apps, targets: [‸loc], timeout: ‸soon }',
      '‸limit: {}',
    ].join('\n'),
    expected: [
      'HF2013',
      'HF2003',
      'HF2014 local',
      'HF2001 exclude',
      'HF3001 app',
      'HF3002 local',
      'HF2006',
      'HF2001 limits',
    ],
  },
];
