import { fail } from '../contract/index.ts';
import { isExactTime } from './exact-time.ts';

/** What a verification came to, of one writer; keys are listed in the order of their times. */
export interface CheckName {
  /** 32 hex digits. */
  readonly writer: string;
  /** When it ended, ISO 8601. */
  readonly ended: string;
  /** SHA-256 of the object, hex. */
  readonly name: string;
}

export const CHECKS_PREFIX = 'checks/';

const CHECK_KEY = /^checks\/([0-9a-f]{32})\/(\d{4})(\d{2})(\d{2})t(\d{2})(\d{2})(\d{2})(\d{3})z-([0-9a-f]{64})$/;

export function checkKey({ writer, ended, name }: CheckName): string {
  const key = `${CHECKS_PREFIX}${writer}/${keyTime(ended)}-${name}`;
  if (parseCheckKey(key) !== undefined) return key;
  return fail({
    code: 'KEY_INVALID',
    message: `${JSON.stringify(key)} cannot be a key.`,
    origin: 'agent',
    permanent: true,
  });
}

export function parseCheckKey(key: string): CheckName | undefined {
  const [, writer, year, month, day, hours, minutes, seconds, ms, name] = CHECK_KEY.exec(key) ?? [];
  const ended = `${year}-${month}-${day}T${hours}:${minutes}:${seconds}.${ms}Z`;
  return writer !== undefined && name !== undefined && isExactTime(ended) ? { writer, ended, name } : undefined;
}

/** A time as it stands in keys: `20260102t030405006z`. */
export function keyTime(time: string): string {
  return time.replaceAll(/[-:.]/g, '').toLowerCase();
}
