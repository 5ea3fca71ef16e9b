import type { Random } from '../../benchmark/random.ts';
import { count } from './figures.ts';

/** When a process is killed: so far into its usual time, or at one of its calls that write. */
export type Moment =
  | { readonly kind: 'time'; readonly share: number }
  | { readonly kind: 'call'; readonly die: string };

export function describe(moment: Moment): string {
  return moment.kind === 'time' ? `${Math.round(moment.share * 100)} % of its time` : moment.die;
}

/** The seconds of a process before it begins to work are mostly Node's own: few kills are spent on them. */
const STARTING = 0.2;

/** In turns by time and by call. Rare calls are met as often as frequent ones: a rename is worth as much as the thousandth write. */
export class Moments {
  readonly #random: Random;
  readonly #trace: readonly string[];
  readonly #calls: readonly (readonly [name: string, count: number])[];
  #turn = 0;

  /** `trace`: what dying.ts wrote down of a run like those to be killed. */
  constructor(random: Random, trace: string) {
    this.#random = random;
    const counts = new Map<string, number>();
    this.#trace = trace.split('\n').filter((line) => line !== '');
    for (const line of this.#trace) count(counts, line);
    this.#calls = [...counts].sort();
    if (this.#calls.length === 0) throw new Error('the traced process wrote nothing down');
  }

  next(): Moment {
    return this.#turn++ % 2 === 0 ? this.call() : this.time();
  }

  time(): Moment {
    return { kind: 'time', share: STARTING + (1 - STARTING) * (this.#random.below(1000) / 1000) };
  }

  call(): Moment {
    const [name = '', calls = 1] = this.#calls[this.#random.below(this.#calls.length)] ?? [];
    // One of several threads makes a part of them only.
    const n = 1 + this.#random.below(name.startsWith('worker') ? Math.ceil(calls / 2) : calls);
    return this.#at(name, n);
  }

  /**
   * So many calls, one process after the other, where each goes on from where the one before it was killed and does not repeat what that
   * had done: each is counted from there.
   */
  chain(length: number): readonly Moment[] {
    const chain: Moment[] = [];
    for (let from = 0; chain.length < length && from < this.#trace.length; ) {
      const at = from + this.#random.below(Math.ceil((this.#trace.length - from) / 2));
      const name = this.#trace[at] ?? '';
      const n = this.#trace.slice(from, at + 1).filter((other) => other === name).length;
      chain.push(this.#at(name, n));
      from = at;
    }
    return chain;
  }

  #at(name: string, n: number): Moment {
    const whens = /write/i.test(name) ? ['before', 'torn', 'after'] : ['before', 'after'];
    return { kind: 'call', die: `${name} ${n} ${whens[this.#random.below(whens.length)]}` };
  }
}
