import type { CodeName } from '../codes.ts';
import type { Explanation } from './explanation.ts';

/** Of HF4, what is said of tiers and holds. */
export const retention = {
  HF4024: {
    means: 'A retention class says what stays on a target, and no job of the class writes to that target.',
    why: 'The rules apply to nothing. A target may be missing in a job, or its name may be another than was meant.',
    remedy: 'Add the target to a job of the class, or take its rules out of the class.',
    wrong:
      'targets:\n  local: { type: local, path: /backup }\n  nas: { type: local, path: /mnt/nas/backup }\nretention:\n  books: { keep: { monthly: 84 }, targets: { nas: { keep: { daily: 30 } } } }\njobs:\n  app: { source: app, targets: [local], retention: books }',
    right:
      'targets:\n  local: { type: local, path: /backup }\n  nas: { type: local, path: /mnt/nas/backup }\nretention:\n  books: { keep: { monthly: 84 }, targets: { nas: { keep: { daily: 30 } } } }\njobs:\n  app: { source: app, targets: [local, nas], retention: books }',
  },
  HF4025: {
    means:
      'A retention class promises a `minimum`, and has rules of their own for every target that one of its jobs writes to.',
    why: 'The minimum is promised where the rules of the class itself apply. There is no such place, so nothing would keep the promise.',
    remedy: 'Let the job write to one target more, or take the rules of one of its targets out of the class.',
    wrong:
      'retention:\n  books: { keep: { monthly: 84 }, minimum: 7y, targets: { local: { keep: { within: 7d } } } }\njobs:\n  app: { source: app, targets: [local], retention: books }',
    right:
      'targets:\n  local: { type: local, path: /backup }\n  nas: { type: local, path: /mnt/nas/backup }\nretention:\n  books: { keep: { monthly: 84 }, minimum: 7y, targets: { local: { keep: { within: 7d } } } }\njobs:\n  app: { source: app, targets: [local, nas], retention: books }',
  },
  HF4026: {
    means: 'A retention class promises a `minimum`, and its rules name no period: only `last`, or `within`.',
    why: 'The minimum is counted in the longest period that `keep` names. Without one every snapshot stays for so long, which costs much more space.',
    remedy: 'Say of which periods one snapshot is meant: `monthly: 84` are seven years. Or promise less.',
    wrong: 'retention:\n  books: { keep: { last: 10 }, minimum: 7y }',
    right: 'retention:\n  books: { keep: { last: 10, monthly: 84 }, minimum: 7y }',
  },
  HF4027: {
    means: 'The last moment of a hold is past.',
    why: 'It keeps nothing any more: what it covered stays and goes by the rules alone.',
    remedy: 'Take it out. If what it is for still goes on, give it a later `until`, before anything is removed.',
    wrong: 'holds:\n  case-117: { by: legal, why: Case 2019-117, until: 2020-12-31 }',
    right: 'holds:\n  case-117: { by: legal, why: Case 2019-117, until: 2099-12-31 }',
    examples: { untestable: 'It depends on the day on which it is asked.' },
  },
} satisfies Readonly<Partial<Record<CodeName, Explanation>>>;
