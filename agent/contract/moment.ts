const MOMENT =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]((?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?) ?(Z|UTC|[+-]\d\d:?\d\d)?)?$/;

/**
 * A moment as people and ISO 8601 write it, in milliseconds since 1970: `2026-11-20 14:00`, `2026-11-20T14:00:05.5+01:00`, `2026-11-20`, the
 * last being its midnight. Without an offset it is of this host's zone, as times are shown. `undefined` for all else, and for a day
 * that no month has: `Date.parse` takes `07587dec`, the beginning of a hash, for December of 7587, and 30 February for 2 March.
 */
export function parseMoment(text: string): number | undefined {
  const [whole, year = '', month = '', day = '', time = '00:00', zone = ''] = MOMENT.exec(text) ?? [];
  if (whole === undefined || !isInCalendar(Number(year), Number(month), Number(day))) return undefined;
  const offset = zone.replace('UTC', 'Z').replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
  const at = Date.parse(`${year}-${month}-${day}T${time}${offset}`);
  return Number.isNaN(at) ? undefined : at;
}

function isInCalendar(year: number, month: number, day: number): boolean {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
