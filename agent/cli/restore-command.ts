import type { RestoreReport } from '../recovery/restore-report.ts';
import { quoteWord } from './invocation.ts';
import type { ReaderOptions } from './recovery-key.ts';

/** What the verb `restore` was told, but for the source and its parts. */
export interface RestoreOptions extends ReaderOptions {
  readonly at: string;
  readonly job?: string;
  readonly writer?: string;
  readonly into?: string;
  readonly inPlace?: boolean;
  readonly conflict?: 'error' | 'skip' | 'replace';
  readonly delete?: boolean;
  readonly checksum?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly target?: string;
  readonly mask?: string;
  readonly format?: string;
  /** False: what is restored belongs to who restores it. */
  readonly owner?: boolean;
}

/** What the same would leave out again: it is not there, this user may not set it, the system has no such thing, or it is to stay. */
const NOT_BY_SAYING_AGAIN = new Set(['NOTHING_SELECTED', 'RESTORE_RIGHTS', 'RESTORE_ATTRIBUTE', 'RESTORE_PATTERNS']);

/** Whether `into` is a server's address (RFC 3986, 3.1), and no folder. */
export function isAddress(into: string | undefined): into is string {
  return into !== undefined && /^[a-z][a-z0-9+.-]+:(\/\/|$)/i.test(into);
}

/** How to go on from what a restore came to, where there is a way. */
export function nextOptions(options: RestoreOptions, report: RestoreReport): RestoreOptions | undefined {
  const { verdict, failure, phases, skipped } = report;
  const { dryRun: _, ...inEarnest } = options;
  if (verdict === 'planned') return inEarnest;
  const compares = options.conflict === 'replace' || options.inPlace === true;
  if (failure?.code === 'RESTORE_CONFLICT' && !compares) return { ...options, conflict: 'replace', dryRun: true };
  const begun = phases.some(({ name }) => name === 'restore');
  // What is for good comes again as well: its hint says what has to be done first.
  if (failure?.permanent === true) return undefined;
  const left =
    failure !== undefined ||
    skipped.some(({ failure: { code, permanent } }) => !permanent && !NOT_BY_SAYING_AGAIN.has(code));
  if (!begun || !left) return undefined;
  // A server takes back what a restore had begun; what it finished will be told as a conflict, and is not to be replaced unseen.
  const isServer = isAddress(options.into);
  // In a folder what is whole already is not written again, and what is there was put there by this restore.
  return compares || options.conflict === 'skip' || isServer ? options : { ...options, conflict: 'replace' };
}

/** The words that call the verb so. */
export function restoreCommand(name: string, parts: readonly string[], options: RestoreOptions): string {
  const {
    at,
    job,
    into,
    writer,
    inPlace,
    conflict,
    key,
    passphraseFile,
    target,
    dryRun,
    yes,
    checksum,
    mask,
    format,
    owner,
  } = options;
  const switches = {
    'in-place': inPlace,
    delete: options.delete,
    checksum,
    'no-owner': owner === false,
    yes,
    'dry-run': dryRun,
  };
  const given = { into, writer, job, at: at === 'latest' ? undefined : at, conflict, mask, format };
  const flags = flagWords({ ...given, key, 'passphrase-file': passphraseFile, target });
  const said = Object.entries(switches).flatMap(([flag, on]) => (on === true ? [`--${flag}`] : []));
  return ['restore', quoteWord(name), ...flags, ...said, ...parts.map(quoteWord)].join(' ');
}

/** The words by which another command reads with what this one read with. Empty, or with a space before them. */
export function readerWords({ key, passphraseFile, target }: ReaderOptions & { readonly target?: string }): string {
  return ['', ...flagWords({ key, 'passphrase-file': passphraseFile, target })].join(' ');
}

function flagWords(given: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(given).flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, quoteWord(value)]));
}
