import { createHash } from 'node:crypto';
import { openObject, signObject } from './keys/signed-object.ts';
import type { Signer } from './keys/signing.ts';
import { markKey, parseMarkKey } from './layout.ts';

/** Packs of a domain that are to go from one target: whoever begins to write counts on none of them any more. */
export interface Mark {
  readonly repository: string;
  /** Who prunes. */
  readonly writer: string;
  /** As the policy calls it: a mark that is copied to another target says nothing there. */
  readonly target: string;
  readonly domain: string;
  /** By the clock of the target, ISO 8601. */
  readonly created: string;
  /** Names, hex, ascending. */
  readonly packs: readonly string[];
}

export function encodeMark(mark: Mark, signer: Signer): { readonly key: string; readonly bytes: Uint8Array } {
  const { repository, writer, target, domain, created } = mark;
  const packs = mark.packs.map((name) => Buffer.from(name, 'hex'));
  const bytes = signObject('mark', { repository, writer, target, domain, created, packs }, signer);
  return { key: markKey(domain, sha256(bytes)), bytes };
}

/**
 * Reads the object under `key`; `publicKeyOf` says with which key its writer signs, undefined when nobody heeds it. Throws
 * OBJECT_DAMAGED, FORMAT_NEWER, SIGNATURE_INVALID.
 */
export function decodeMark(
  bytes: Uint8Array,
  o: {
    readonly key: string;
    readonly publicKeyOf: (writer: string) => Uint8Array | undefined;
    readonly repository: string;
  },
): Mark {
  const { record, check, refuse } = openObject(bytes, 'mark', o.key);
  const name = parseMarkKey(o.key) ?? refuse('that is not where a mark lies');
  if (sha256(bytes) !== name.name) refuse('its SHA-256 is not its name');
  const mark: Mark = {
    repository: record.id('repository'),
    writer: record.id('writer'),
    target: record.text('target'),
    domain: record.id('domain'),
    created: record.time('created'),
    packs: record.hashes('packs', 32),
  };
  record.end();
  check(o.publicKeyOf(mark.writer) ?? refuse('nobody that is trusted made it'));
  if (mark.domain !== name.domain) refuse('it belongs to another key');
  if (mark.repository !== o.repository) refuse('it belongs to another repository');
  return mark;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
