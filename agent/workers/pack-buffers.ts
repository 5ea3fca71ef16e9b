import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { throwIfCancelled } from './cancelling.ts';
import { RETURNED } from './messages.ts';

/**
 * The pack buffers of one worker. It makes one; for the next it waits until the main thread sends one, which is what bounds the
 * bytes in flight. Buffers travel by transfer, to the main thread and back.
 */
export class PackBuffers {
  readonly #port: MessagePort;
  readonly #control: Int32Array;
  readonly #word: number;
  readonly #bytes: number;
  #made = false;
  #taken = 0;

  constructor(o: { port: MessagePort; control: Int32Array; worker: number; bytes: number }) {
    this.#port = o.port;
    this.#control = o.control;
    this.#word = RETURNED + o.worker;
    this.#bytes = o.bytes;
  }

  /** A buffer to fill. Blocks this thread until one is free. */
  take(): ArrayBuffer {
    for (;;) {
      const returned = Atomics.load(this.#control, this.#word);
      if (returned > this.#taken) {
        const message = receiveMessageOnPort(this.#port);
        if (message !== undefined) {
          this.#taken++;
          return message.message as ArrayBuffer;
        }
      }
      if (!this.#made) {
        this.#made = true;
        return new ArrayBuffer(this.#bytes);
      }
      throwIfCancelled(this.#control);
      Atomics.wait(this.#control, this.#word, returned, 200);
    }
  }
}
