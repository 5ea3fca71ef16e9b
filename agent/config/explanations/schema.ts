import type { Explanations } from './explanation.ts';

/** HF2: fields and values that the policy language does not have. */
export const schema = {
  HF2001: {
    means: 'There is no field of this name at this place.',
    why: 'A misspelt field that is ignored takes its setting with it: `retension` would keep nothing.',
    remedy:
      'Take the name that is suggested, or one of those that are known there. Your own notes go into a section whose name begins with `x-`, or into a comment.',
    wrong: 'jobs:\n  app: { source: app, target: [local] }',
    right: 'jobs:\n  app: { source: app, targets: [local] }',
  },
  HF2002: {
    means: 'A field that has no default is not there.',
    why: 'What belongs there cannot be guessed.',
    remedy: 'Write the field. The hint says what it is for.',
    wrong: 'jobs:\n  app: { source: app }',
    right: 'jobs:\n  app: { source: app, targets: [local] }',
  },
  HF2003: {
    means: 'A value is of another type than the field has: text where a list or a number belongs, for instance.',
    why: 'Read as something else, it would not be what was written.',
    remedy: 'Write a value of the type that is named. One entry of a list is a list too: `[local]`.',
    wrong: 'jobs:\n  app: { source: app, targets: local }',
    right: 'jobs:\n  app: { source: app, targets: [local] }',
  },
  HF2004: {
    means: 'A field has a few possible values, and this is none of them.',
    why: 'Each of them is something that Holdfast can do; there is nothing else to do.',
    remedy: 'Take one of those that are listed.',
    wrong: 'sources:\n  app: { type: files, paths: [/srv/app], onMissing: ignore }',
    right: 'sources:\n  app: { type: files, paths: [/srv/app], onMissing: skip }',
  },
  HF2005: {
    means: 'The name of a job, source, target or the like has characters that a name cannot have.',
    why: 'Names become parts of paths and of object names on every kind of target.',
    remedy: 'Begin with `a-z` or `0-9`, go on with these and `.`, `_`, `-`; at most 64 characters.',
    wrong: 'retention:\n  Seven Years: { minimum: 7y }',
    right: 'retention:\n  seven-years: { minimum: 7y }',
  },
  HF2006: {
    means: 'This is no length of time, or it has months or years where a fixed length is needed.',
    why: '`90` could be seconds or minutes, and a month is no fixed number of hours.',
    remedy: 'Write a number and a unit, larger units first: `30s`, `15m`, `1h30m`, `7d`, `4w`, `6mo`, `7y`.',
    wrong: 'jobs:\n  app: { source: app, targets: [local], timeout: 2 hours }',
    right: 'jobs:\n  app: { source: app, targets: [local], timeout: 2h }',
  },
  HF2007: {
    means: 'This is no amount of bytes.',
    why: 'Units are written exactly, because `MB` and `MiB` are not the same.',
    remedy: 'Write a number and a unit without a space: `64KiB`, `32MiB`, `8GB`.',
    wrong: 'limits: { memory: 512 mb }',
    right: 'limits: { memory: 512MB }',
  },
  HF2008: {
    means: 'This is no rate of transfer.',
    why: 'Bits and bytes are a factor of eight apart.',
    remedy: 'Write bits as networks are named (`100Mbps`), or bytes as disks are (`40MB/s`).',
    wrong: 'limits: { bandwidth: 100 mbit/s }',
    right: 'limits: { bandwidth: 100Mbps }',
  },
  HF2009: {
    means: 'A number is smaller or larger than it may be, or a text is shorter or longer.',
    why: 'Beyond its range the value has no meaning, or would harm the host.',
    remedy: 'Write a value within the range that is named.',
    wrong: 'limits: { workers: 0 }',
    right: 'limits: { workers: 4 }',
  },
  HF2010: {
    means: 'A list or a mapping has too few entries, too many, or the same one twice.',
    why: 'A job without a target stores nothing, and a target that stands twice is one copy, not two.',
    remedy: 'Add what is missing, or take out what is too much.',
    wrong: 'jobs:\n  app: { source: app, targets: [] }',
    right: 'jobs:\n  app: { source: app, targets: [local] }',
  },
  HF2011: {
    means: 'A password, key or token stands in the policy as it is.',
    why: 'Policies lie in git, are shown in reviews and end up in the logs of pipelines. Whoever can read them would have the secret.',
    remedy:
      'Write where it lies: `{ credential: name }`, `{ env: NAME }` or `{ file: path }`. Change the secret: it was written down, and git does not forget.',
    wrong: 'targets:\n  local: { type: vault, key: hunter2 }',
    right: 'targets:\n  local: { type: vault, key: { env: VAULT_KEY } }',
    examples: { untestable: 'no plugin that comes with Holdfast takes a secret yet' },
  },
  HF2012: {
    means: 'A value does not have the form that its field asks for.',
    why: 'What reads it later would refuse it, in the middle of a run.',
    remedy: 'The hint describes the field; the README of the plugin has examples.',
    wrong: 'targets:\n  local: { type: vault, region: Frankfurt }',
    right: 'targets:\n  local: { type: vault, region: eu-central-1 }',
    examples: { untestable: 'no plugin that comes with Holdfast has such an option yet' },
  },
  HF2013: {
    means: 'The `version` of the policy is not 1.',
    why: 'A policy of another version of the language may mean something else by the same words.',
    remedy: 'Write `version: 1`, without quotes. If the policy was written for a newer Holdfast, use that.',
    wrong: 'version: 2',
    right: 'version: 1',
  },
  HF2014: {
    means: 'A `type` or an `algorithm` is the name of no plugin.',
    why: 'Plugins do the work; without this one nothing can be read or written here.',
    remedy: 'Take the name that is suggested, or one of those that are listed.',
    wrong: 'sources:\n  app: { type: file, paths: [/srv/app] }',
    right: 'sources:\n  app: { type: files, paths: [/srv/app] }',
  },
} satisfies Explanations<'HF2'>;
