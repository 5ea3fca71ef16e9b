import { type Code, type CodeName, codes } from '../codes.ts';
import { environment } from './environment.ts';
import type { Explanation } from './explanation.ts';
import { meaning } from './meaning.ts';
import { references } from './references.ts';
import { schema } from './schema.ts';
import { syntax } from './syntax.ts';

const explanations: Readonly<Record<CodeName, Explanation>> = {
  ...syntax,
  ...schema,
  ...references,
  ...meaning,
  ...environment,
};

export interface ExplainedCode extends Code {
  readonly code: CodeName;
  readonly explanation: Explanation;
}

export interface CodeGroup {
  readonly prefix: string;
  readonly title: string;
  readonly codes: readonly ExplainedCode[];
}

const TITLES: Readonly<Record<string, string>> = {
  HF1: 'The text: finding it, reading it, YAML',
  HF2: 'Fields and values',
  HF3: 'Names of what is declared elsewhere',
  HF4: 'What is written rightly and cannot be meant',
  HF5: 'What the policy needs of its surroundings',
};

export function explanationOf(code: CodeName): ExplainedCode {
  return { code, ...codes[code], explanation: explanations[code] };
}

/** All codes in their order, by what they are about. A group without codes is left out. */
export function codeGroups(): readonly CodeGroup[] {
  const names = Object.keys(codes).filter((code): code is CodeName => Object.hasOwn(explanations, code));
  return Object.entries(TITLES)
    .map(([prefix, title]) => {
      const own = names.filter((code) => code.startsWith(prefix)).sort();
      return { prefix, title, codes: own.map(explanationOf) };
    })
    .filter((group) => group.codes.length > 0);
}
