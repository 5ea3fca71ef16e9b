import type { Json } from '../contract/index.ts';
import { HOLD_END_PATTERN, parseHoldEnd, respellHoldEnd } from './hold-end.ts';
import { isSchema } from './plugin-options.ts';
import type { Problem } from './problem.ts';
import { unknownZone } from './time-zone.ts';

/** Zones of retention classes and ends of holds that have their form, and are in no calendar. Works on policies with other mistakes too. */
export function checkTimes(content: Json): Problem[] {
  return [
    ...textsOf(content, 'retention', 'timezone').flatMap(([name, zone]): Problem[] => {
      const mistake = zone === '' ? undefined : unknownZone(zone);
      return mistake === undefined ? [] : [{ ...mistake, path: ['retention', name, 'timezone'], on: 'value' }];
    }),
    ...textsOf(content, 'holds', 'until').flatMap(([name, end]): Problem[] => {
      if (!new RegExp(HOLD_END_PATTERN).test(end) || parseHoldEnd(end) !== undefined) return [];
      const message = `${JSON.stringify(end)} is on a day that its month does not have`;
      return [
        { code: 'HF2021', message, path: ['holds', name, 'until'], on: 'value', suggestion: respellHoldEnd(end) },
      ];
    }),
  ];
}

/** Texts in one field of the entries of a section, by the names of the entries. */
function textsOf(content: Json, section: string, field: string): [string, string][] {
  const entries = isSchema(content) ? content[section] : undefined;
  return Object.entries(isSchema(entries) ? entries : {}).flatMap(([name, entry]): [string, string][] => {
    const text = isSchema(entry) ? entry[field] : undefined;
    return typeof text === 'string' ? [[name, text]] : [];
  });
}
