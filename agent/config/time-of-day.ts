/** `02:00`, `14:30`: 24 hours, a leading zero may be left out. */
export const TIME_PATTERN = '^([01]?\\d|2[0-3]):[0-5]\\d$';
/** `07:00-22:00`; a window that ends before it begins goes over midnight. */
export const WINDOW_PATTERN = '^([01]?\\d|2[0-3]):[0-5]\\d-([01]?\\d|2[0-3]):[0-5]\\d$';

export interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
}

/** `undefined` when `text` is not a time of day. */
export function parseTime(text: string): TimeOfDay | undefined {
  if (!new RegExp(TIME_PATTERN).test(text)) return undefined;
  const [hour = 0, minute = 0] = text.split(':').map(Number);
  return { hour, minute };
}

/** How a time that was written otherwise is written here: `2am` → `02:00`, `2.30 pm` → `14:30`. */
export function respellTime(text: string): string | undefined {
  const [, hours = '', minutes = '00', half] = /^\s*(\d{1,2})(?:[:.h](\d{2}))?\s*([ap])\.?m\.?\s*$/i.exec(text) ?? [];
  const [, plain = '', rest = '00'] = /^\s*(\d{1,2})(?:[.h](\d{2})?| ?o'?clock)\s*$/i.exec(text) ?? [];
  const hour = half === undefined ? Number(plain || NaN) : (Number(hours) % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
  const respelt = `${String(hour).padStart(2, '0')}:${half === undefined ? rest : minutes}`;
  return parseTime(respelt) === undefined ? undefined : respelt;
}

export function spokenTime({ hour, minute }: TimeOfDay): string {
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}
