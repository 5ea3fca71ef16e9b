import type { Policy } from './policy.ts';

/** What follows from a change. A `risk` is something that somebody may lose by it. */
export interface Consequence {
  readonly level: 'risk' | 'note';
  readonly text: string;
}

/** A policy before and after a change, each as one host has it. */
export interface Both {
  readonly before: Policy;
  readonly after: Policy;
}

export type Kind = 'added' | 'removed' | 'changed';

export const note = (text: string): Consequence => ({ level: 'note', text });
export const risk = (text: string): Consequence => ({ level: 'risk', text });

/** Names in one list that are not in another. What is no list has none. */
export function missing(from: unknown, other: unknown): string[] {
  const names = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
  return names(from).flatMap((name) => (typeof name === 'string' && !names(other).includes(name) ? [name] : []));
}
