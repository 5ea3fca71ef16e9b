import { nearest } from '../config/nearest.ts';
import type { PluginSpec } from '../config/policy.ts';
import { fail, type Json, type SourcePlugin } from '../contract/index.ts';

/** What of a restore only some sources know. */
export interface Asked {
  /** The name of a set of rules. */
  readonly mask?: string;
  readonly format?: string;
  readonly noOwner?: boolean;
  readonly into: object;
}

/**
 * Fails with `RESTORE_UNSUPPORTED` when a source is asked for masking, a format or no owners, which its plugin does not offer, and with
 * `MASK_UNKNOWN` when the policy has no rules of that name: a restore that would ignore it lets values go unmasked.
 */
export function refuseUnoffered(spec: PluginSpec, plugin: SourcePlugin, { mask, format, noOwner, into }: Asked): void {
  if (format !== undefined) {
    const formats = plugin.formats ?? [];
    if (!('folder' in into)) unsupported('--format is of a restore to a folder', 'name one: --into <folder>');
    if (!formats.includes(format))
      unsupported(
        `a source of type ${spec.type} is not written as ${format}`,
        formats.length === 0 ? 'leave out --format: there is one way only' : `its formats are ${formats.join(', ')}`,
      );
  }
  if (noOwner === true && !plugin.can.includes('no-owner'))
    unsupported(`a source of type ${spec.type} is restored with its owners`, 'leave out --no-owner');
  if (mask === undefined) return;
  if (!plugin.can.includes('mask'))
    unsupported(`a source of type ${spec.type} cannot be masked`, 'without --mask it is restored as it was captured');
  const names = maskNames(spec.options);
  if (names.includes(mask)) return;
  const meant = nearest(mask, names);
  const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
  fail({
    code: 'MASK_UNKNOWN',
    message: `source ${spec.name} has no masks called ${mask}`,
    origin: 'policy',
    permanent: true,
    hint: `${meant === undefined ? '' : `did you mean ${meant}? `}${known}: see \`masks\` of sources.${spec.name} in the policy`,
  });
}

function maskNames(options: Json): string[] {
  if (typeof options !== 'object' || options === null || !('masks' in options)) return [];
  return Object.keys(Object(options.masks));
}

function unsupported(message: string, hint: string): never {
  fail({ code: 'RESTORE_UNSUPPORTED', message, origin: 'policy', permanent: true, hint });
}
