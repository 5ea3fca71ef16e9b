/**
 * Cuts a byte stream into chunks. Synchronous, deterministic, and without memory between chunks: the length of a chunk
 * depends only on the bytes from its start, so that any chunk boundary is a place to start again.
 */
export interface Chunker {
  /** The longest chunk `cut` can return. A window of at least this length always yields a chunk. */
  readonly maxBytes: number;
  /**
   * The length of the chunk that starts at `window[0]`; 0 when more bytes are needed to tell. With `end`, the stream ends
   * where the window does: the result is ≥ 1 for a window that is not empty.
   */
  cut(window: Uint8Array, end: boolean): number;
}

/**
 * Compresses one frame. Synchronous; runs in a worker. What it returns is its caller's, who gives the memory back at once: it is a part
 * of what was given, or memory that the codec does not use again.
 */
export interface Codec {
  encode(frame: Uint8Array): Uint8Array;
  /** Must fail (`CODEC_LIMIT`) rather than produce more than `max` bytes, and fail (`CODEC_DAMAGED`) on bad input. */
  decode(frame: Uint8Array, max: number): Uint8Array;
}

/** What an event means to the people who are told of it. */
export interface Event {
  readonly id: string;
  readonly rule: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly at: string;
  readonly title: string;
  readonly text: string;
  readonly resolved: boolean;
}

/** A way to tell people. Opening it tells nobody; disposing is safe at any time, twice, and after a failure. */
export interface Notifier extends AsyncDisposable {
  /**
   * Tells one event as one message with its title, text and severity, and resolves when the other side has taken it. What is
   * resolved reads otherwise than what is not. Texts may hold any characters: they make neither a second message nor a header.
   * Fails when it was not taken, with `permanent: false` when that may change; gives up when `host.signal` is aborted.
   */
  notify(event: Event): Promise<void>;
}
