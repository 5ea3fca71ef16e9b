import type { Round } from '../results.ts';

export const measuredOfDatabases = {
  first: { title: 'first backup', unit: 's' },
  unchanged: { title: 'nothing changed', unit: 's' },
  changed: { title: 'after a day', unit: 's' },
  restore: { title: 'restore', unit: 's' },
  restoreAndRead: { title: 'restore, every row read back', unit: 's' },
  processor: { title: 'processor time, first backup', unit: 's' },
  restoreProcessor: { title: 'processor time, restore', unit: 's' },
  stored: { title: 'stored by the first', unit: 'MB' },
  storedAgain: { title: 'stored when nothing changed', unit: 'MB' },
  storedChanged: { title: 'stored after a day', unit: 'MB' },
  backupPeak: { title: 'peak memory, first backup', unit: 'MB' },
  restorePeak: { title: 'peak memory, restore', unit: 'MB' },
} as const;

export type DatabaseRound = Round<keyof typeof measuredOfDatabases>;
