import { type Event, type Failure, fail, type Host, type Notifier } from 'holdfast/plugin';
import type { SpecimenOptions } from './options.ts';

const LONGEST_MS = 30_000;

/** Posts the event as it is, as a JSON object. Any answer of 2xx means that it was taken. */
export class SpecimenNotifier implements Notifier {
  readonly #url: string;
  readonly #host: Host;

  constructor({ url }: SpecimenOptions, host: Host) {
    this.#url = url;
    this.#host = host;
  }

  async notify(event: Event): Promise<void> {
    const status = await this.#post(JSON.stringify(event));
    if (status >= 200 && status < 300) return;
    // A busy or broken server may take it later; any other answer stays the same (RFC 9110, 15.5 and 15.6).
    const later = status >= 500 || status === 408 || status === 429;
    fail(this.#failure(later ? 'NOTIFIER_UNAVAILABLE' : 'NOTIFIER_REFUSED', `answered ${status}`, !later));
  }

  async #post(body: string): Promise<number> {
    const { signal } = this.#host;
    signal.throwIfAborted();
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]),
      });
      await response.body?.cancel();
      return response.status;
    } catch (error) {
      signal.throwIfAborted();
      const why = error instanceof Error ? error.message : String(error);
      return fail(this.#failure('NOTIFIER_UNAVAILABLE', `cannot be reached: ${why}`, false), error);
    }
  }

  /** Names the server and not the whole URL: what follows is often a secret. */
  #failure(code: string, what: string, permanent: boolean): Failure {
    return { code, message: `${new URL(this.#url).host} ${what}`, origin: 'agent', permanent };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
