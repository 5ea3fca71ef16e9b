import type { CodeName } from '../codes.ts';

/** What can be said of a code to somebody who has met it. Sentences of plain text, with `code` in backquotes. */
export interface Explanation {
  readonly means: string;
  /** Why Holdfast does not let it pass, or speaks of it at all. */
  readonly why: string;
  readonly remedy: string;
  /** Text that is answered with this code. */
  readonly wrong: string;
  /** The same, mended. */
  readonly right: string;
  /**
   * What the examples are. `sections`, unless said otherwise: sections of a policy that is right in everything else (see
   * examples.fixture.ts). `policy`: the whole text. Else the reason why the text of a policy alone cannot show it. A test asks
   * the validator about the first two.
   */
  readonly examples?: 'policy' | { readonly untestable: string };
}

/** The explanations of one group: all the codes that begin with `Prefix`, and no others. */
export type Explanations<Prefix extends string> = Readonly<
  Record<Extract<CodeName, `${Prefix}${string}`>, Explanation>
>;
