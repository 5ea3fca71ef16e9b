import type { Check, Finding, Host } from 'holdfast/plugin';
import type { SpecimenOptions } from './options.ts';

const LONGEST_MS = 30_000;

/** Asks by GET, and finds fault with any other status than the one that was named, or with no answer. */
export class SpecimenCheck implements Check {
  readonly #options: SpecimenOptions;
  readonly #host: Host;

  constructor(options: SpecimenOptions, host: Host) {
    this.#options = options;
    this.#host = host;
  }

  async check(): Promise<Finding> {
    const { url, status } = this.#options;
    const { signal } = this.#host;
    signal.throwIfAborted();
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]);
      const response = await fetch(url, { redirect: 'manual', signal: limit });
      await response.body?.cancel();
      const facts = { status: response.status };
      if (response.status === status) return { what: this.#what, facts };
      return { ...this.#fault('HTTP_STATUS', `it answered ${response.status}, not ${status}`), facts };
    } catch (error) {
      // Giving up because one was told to is no finding about the system.
      signal.throwIfAborted();
      return this.#fault('HTTP_UNREACHABLE', error instanceof Error ? error.message : String(error));
    }
  }

  get #what(): string {
    return `GET ${new URL(this.#options.url).host}`;
  }

  #fault(code: string, message: string): Finding {
    return { what: this.#what, failure: { code, message, origin: 'source', permanent: false } };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
