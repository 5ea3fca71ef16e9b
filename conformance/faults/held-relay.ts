import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Stands between a client and a server on loopback and passes everything on, until it is told to hold: then what one connection is
 * answered stops in the middle, and stays there however slow or fast the machine is. Something can happen to a server, or to
 * its client, at a moment that would be met by luck only. Who goes away on one side is gone on the other too, held or not.
 */
export class HeldRelay implements AsyncDisposable {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  readonly #held = new Set<Socket>();
  #asked: RegExp | undefined;
  #after = 0;
  #holds = Promise.withResolvers<void>();

  private constructor(port: number) {
    this.#server = createServer((client) => this.#relay(client, connect(port, '127.0.0.1')));
  }

  /** `port`: the server's. */
  static async open(port: number): Promise<HeldRelay> {
    const relay = new HeldRelay(port);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the relay is closed');
    return address.port;
  }

  /** Holds every connection that asks for something like `asked` once `bytes` of an answer came. Resolves at the first of them. */
  hold(asked: RegExp, bytes: number): Promise<void> {
    this.#asked = asked;
    this.#after = bytes;
    this.#holds = Promise.withResolvers<void>();
    return this.#holds.promise;
  }

  /** Passes on again, beginning with what was held. */
  release(): void {
    this.#asked = undefined;
    for (const answers of this.#held) answers.resume();
    this.#held.clear();
  }

  #relay(client: Socket, answers: Socket): void {
    let passed = 0;
    let question = '';
    client.on('data', (part) => {
      passed = 0;
      question = part.toString('latin1');
    });
    answers.on('data', (part) => {
      passed += part.length;
      const isFull = !client.write(part);
      if (this.#asked?.test(question) && passed > this.#after) {
        answers.pause();
        this.#held.add(answers);
        this.#holds.resolve();
      } else if (isFull) answers.pause();
    });
    client.on('drain', () => {
      if (!this.#held.has(answers)) answers.resume();
    });
    client.pipe(answers);
    answers.on('end', () => client.end());
    for (const [one, other] of [
      [client, answers],
      [answers, client],
    ] as const) {
      this.#open.add(one);
      // What it is does not matter here: both sides see that the other is gone.
      one.on('error', () => {});
      one.on('close', () => {
        this.#open.delete(one);
        if (one === client) other.destroy();
        else other.end();
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const one of this.#open) one.destroy();
    await closed;
  }
}
