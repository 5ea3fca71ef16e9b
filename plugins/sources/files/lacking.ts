import type { Unset, UnsetPart } from 'holdfast/plugin';
import { CAPABILITY, type InodeRight, type Trouble } from 'holdfast/system';
import { wordsOf } from './extras.ts';
import { attributeFailure, rightFailure } from './failure.ts';
import { Few, MOST } from './few.ts';
import { printable, type RawPath } from './raw-path.ts';
import type { Skips } from './skips.ts';

/** Something that was restored lacks this. `code`: the name of the errno, or UNOWNED. */
export interface Lack {
  readonly what: Trouble['what'] | InodeRight;
  readonly code: string;
}

/** Nobody tried: who restores may not give this owner, and without it the rest would be a right of somebody else. */
export const UNOWNED = 'unowned';

/** Of owners fewer are named: whoever is not root may give none of the files of others theirs, which everybody expects. */
const OWNERS_NAMED = 1000;

interface Account {
  readonly few: Few;
  readonly named: string[];
  /** Several attributes of one thing are told one after the other. */
  last: RawPath | undefined;
}

/** What things were restored without: how many of each part, the first by name, and all but expected owners as skipped. */
export class Lacking {
  readonly #skips: Skips;
  readonly #accounts = new Map<UnsetPart, Account>();

  constructor(skips: Skips) {
    this.#skips = skips;
  }

  add(path: RawPath, { what, code }: Lack): void {
    const part = partOf(what);
    this.#note(part, path);
    if (part === 'set-user-id' || part === 'set-group-id' || part === 'capability')
      this.#skips.addOf(part, path, () => rightFailure(RIGHTS[part], path, code === UNOWNED ? undefined : code));
    else if (code !== UNOWNED) this.#skips.addOf(part, path, () => attributeFailure(inWords(what), path, code));
  }

  #note(part: UnsetPart, path: RawPath): void {
    const account = this.#accounts.get(part) ?? {
      few: new Few(part === 'owner' ? OWNERS_NAMED : MOST),
      named: [],
      last: undefined,
    };
    this.#accounts.set(part, account);
    if (account.last === path) return;
    account.last = path;
    const name = account.few.take(() => printable(path));
    if (name !== undefined) account.named.push(name);
  }

  get unset(): readonly Unset[] {
    return [...this.#accounts].map(([part, { few, named }]) => ({ part, count: few.count, named }));
  }

  countOf(part: UnsetPart): number {
    return this.#accounts.get(part)?.few.count ?? 0;
  }
}

function partOf(what: Lack['what']): UnsetPart {
  if (what === 'xattrs') return 'xattr';
  if (typeof what === 'string') return what;
  if (what.xattr === CAPABILITY) return 'capability';
  return what.xattr.startsWith('system.posix_acl_') ? 'acl' : 'xattr';
}

function inWords(what: Lack['what']): string {
  return isRight(what) ? RIGHTS[what] : wordsOf(what);
}

function isRight(what: Lack['what']): what is InodeRight {
  return typeof what === 'string' && Object.hasOwn(RIGHTS, what);
}

const RIGHTS = {
  owner: 'its owner',
  mode: 'its mode',
  'set-user-id': 'its set-user-id bit',
  'set-group-id': 'its set-group-id bit',
  capability: 'its capabilities',
} as const;
