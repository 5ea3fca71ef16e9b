import { SIZE_TEXT } from '../contract/index.ts';
import type { CodeName } from './codes.ts';
import { DURATION_PATTERN, parseSpan, respellDuration, SPAN_PATTERN, TIME_SPAN_PATTERN } from './duration.ts';
import { HOLD_END_PATTERN, respellHoldEnd } from './hold-end.ts';
import { RATE_PATTERN, respellRate } from './rate.ts';
import { respellSize } from './size.ts';
import { parseTime, respellTime, TIME_PATTERN, WINDOW_PATTERN } from './time-of-day.ts';

/** A way of writing quantities that is known by its pattern, in the policy's own fields and in options of plugins. */
export interface Notation {
  readonly code: CodeName;
  readonly what: string;
  readonly hint: string;
  /** Whether it is written as it should be, and too little. */
  tooLittle?(text: string): boolean;
  respell(text: string): string | undefined;
}

/** By pattern. */
export const NOTATIONS: Readonly<Record<string, Notation>> = {
  [DURATION_PATTERN]: {
    code: 'HF2006',
    what: 'a duration',
    hint: 'a number and a unit: 30s, 15m, 2h, 7d, 4w, 6mo, 7y',
    respell: respellDuration,
  },
  [SPAN_PATTERN]: {
    code: 'HF2006',
    what: 'a duration',
    hint: 'a number and a unit, months and years are no fixed length: 500ms, 30s, 15m, 1h30m, 7d, 4w',
    respell: (text) => respellDuration(text)?.replace(/^\d+(?:y|mo)$/, ''),
  },
  [TIME_SPAN_PATTERN]: {
    code: 'HF2006',
    what: 'a duration above zero',
    hint: 'a number and a unit, months and years are no fixed length: 500ms, 30s, 15m, 1h30m, 7d, 4w',
    tooLittle: (text) => parseSpan(text) === 0,
    respell: (text) => respellDuration(text)?.replace(/^\d+(?:y|mo)$|^0+\D+$/, ''),
  },
  [SIZE_TEXT]: { code: 'HF2007', what: 'a size', hint: 'a number and a unit: 64KiB, 32MiB, 8GB', respell: respellSize },
  [RATE_PATTERN]: {
    code: 'HF2008',
    what: 'a rate',
    hint: 'a number and a unit: 100Mbps, 40MB/s',
    respell: respellRate,
  },
  [HOLD_END_PATTERN]: {
    code: 'HF2021',
    what: 'a day or a moment',
    hint: 'a day: 2031-12-31, or a moment with its offset: 2031-12-31T18:00:00+01:00, 2031-12-31T17:00Z',
    respell: respellHoldEnd,
  },
  [TIME_PATTERN]: { code: 'HF2019', what: 'a time of day', hint: '24 hours: 02:00, 14:30', respell: respellTime },
  [WINDOW_PATTERN]: {
    code: 'HF2019',
    what: 'a part of the day',
    hint: 'from and to, 24 hours: 07:00-22:00',
    respell: (text) => {
      const times = text.split(/\s*(?:-|–|to)\s*/);
      const right = times.map((time) => (parseTime(time) === undefined ? respellTime(time) : time));
      return right.length === 2 && right.every((time) => time !== undefined) ? right.join('-') : undefined;
    },
  },
};
