import type { Round } from './results.ts';

export const measuredOfFiles = {
  first: { title: 'first backup', unit: 's' },
  unchanged: { title: 'nothing changed', unit: 's' },
  changed: { title: '1 % changed', unit: 's' },
  restore: { title: 'restore all', unit: 's' },
  processor: { title: 'processor time, first backup', unit: 's' },
  stored: { title: 'stored', unit: 'MB' },
  added: { title: 'stored for the 1 %', unit: 'MB' },
  backupPeak: { title: 'peak memory, first backup', unit: 'MB' },
  restorePeak: { title: 'peak memory, restore', unit: 'MB' },
} as const;

export type FilesRound = Round<keyof typeof measuredOfFiles>;
