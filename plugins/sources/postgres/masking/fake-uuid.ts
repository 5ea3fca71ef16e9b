import { type Fake, Scratch, TWEAK } from './fake.ts';
import type { Permutation } from './permutation.ts';

const SHAPE = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})$/;
const LETTER = /[a-f]/i;
/** Version and variant, RFC 9562, section 4: they stay, so that it is still a UUID of its kind. */
const KEPT = [14, 19];
const LENGTH = 36;

/** Whether text is a UUID, all of it in one case. */
export function isUuid(text: string): boolean {
  return text.length === LENGTH && text[8] === '-' && SHAPE.test(text);
}

/** UUIDs for UUIDs, in columns of text as in those of UUIDs. One without a letter has no case, so it becomes one without. */
export class FakeUuid implements Fake {
  readonly #permutation: Permutation;
  readonly #scratch = new Scratch();

  constructor(permutation: Permutation) {
    this.#permutation = permutation;
  }

  /** `text` is one: {@link isUuid}. */
  of(text: string): string {
    const scratch = this.#scratch;
    const radix = LETTER.test(text) ? 16 : 10;
    scratch.begin(LENGTH);
    for (let i = 0; i < LENGTH; i++)
      if (isPosition(text, i)) scratch.add(Number.parseInt(text[i] as string, 16), radix);
    const keepsCase = radix === 10 || KEPT.some((at) => LETTER.test(text[at] as string));
    scratch.walk(this.#permutation, TWEAK.uuid, () => keepsCase || hasLetter(scratch));
    let made = '';
    let at = 0;
    for (let i = 0; i < LENGTH; i++) made += isPosition(text, i) ? scratch.digit(at++).toString(16) : text[i];
    return /[A-F]/.test(text) ? made.toUpperCase() : made;
  }
}

function isPosition(text: string, at: number): boolean {
  return text[at] !== '-' && !KEPT.includes(at);
}

function hasLetter({ digits, length }: Scratch): boolean {
  for (let i = 0; i < length; i++) if ((digits[i] as number) > 9) return true;
  return false;
}
