import { nearest } from './nearest.ts';

/** What is wrong with the name of a time zone; `undefined` for one that there is. */
export function unknownZone(zone: string) {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return undefined;
  } catch {
    const suggestion = nearest(zone, Intl.supportedValuesOf('timeZone'));
    const message = `there is no time zone ${JSON.stringify(zone)}`;
    const hint = 'a name such as Europe/London or UTC';
    return { code: 'HF2020', message, hint, ...(suggestion !== undefined && { suggestion }) } as const;
  }
}
