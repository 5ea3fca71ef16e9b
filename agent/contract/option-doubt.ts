/** Something that is wrong with options, or may be, at its place: `validate` shows it on the line of the policy. No secrets. */
export interface OptionDoubt {
  /** Below the options: `['masks', 'staging', 'rules', 0, 'table']`. */
  readonly path: readonly (string | number)[];
  /** One sentence. */
  readonly message: string;
  /** What to write instead, or to look at. */
  readonly hint?: string;
}
