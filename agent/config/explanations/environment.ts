import type { Explanations } from './explanation.ts';

/** HF5: what a policy can be answered with only after looking at its surroundings. No code of this group is in use yet. */
export const environment = {} satisfies Explanations<'HF5'>;
