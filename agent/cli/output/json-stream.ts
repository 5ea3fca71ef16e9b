import type { Failure } from '../../contract/index.ts';
import { encodeJson, type Terminal } from './terminal.ts';

/** One JSON document with one long list, written as it grows: a listing can be longer than memory. */
export class JsonStream {
  readonly #terminal: Terminal;
  #first = true;

  /** `head`: the fields before the list, which is called `list`. */
  constructor(terminal: Terminal, head: object, list: string) {
    this.#terminal = terminal;
    const fields = encodeJson(head).slice(1, -1);
    terminal.data(`{${fields}${fields === '' ? '' : ','}${JSON.stringify(list)}:[`);
  }

  /** False when nobody reads any more. */
  add(item: object): boolean {
    const comma = this.#first ? '' : ',';
    this.#first = false;
    return this.#terminal.data(`${comma}\n${encodeJson(item)}`);
  }

  /** The fields behind the list, with the failure that broke it off, if one did. */
  end(tail: object, failure?: Failure): void {
    const fields = encodeJson({ ...tail, ...(failure === undefined ? {} : { failure }) }).slice(1, -1);
    this.#terminal.data(`\n]${fields === '' ? '' : ','}${fields}}\n`);
  }
}
