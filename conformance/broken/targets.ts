import type { Listed, Range, TargetPlugin } from 'holdfast/plugin';
import { MemoryTarget, memoryPlugin, places, refuse } from './memory-target.ts';

/** A target that keeps all obligations but one, and the check that must find it out. */
export interface BrokenTarget {
  readonly breaks: string;
  readonly plugin: TargetPlugin;
}

type PutOptions = { readonly sha256: string; readonly lockUntil?: Date };

class Overwriting extends MemoryTarget {
  override async put(key: string, body: Uint8Array, given: PutOptions): Promise<'created' | 'same'> {
    // Two puts at once still find that one of them came first.
    const before = this.objects.get(key);
    await new Promise(setImmediate);
    if (before !== undefined) this.objects.set(key, Uint8Array.from(body));
    return super.put(key, body, given);
  }
}

class Trusting extends MemoryTarget {
  override async put(key: string, body: Uint8Array, given: PutOptions): Promise<'created' | 'same'> {
    const { createHash } = await import('node:crypto');
    return super.put(key, body, { ...given, sha256: createHash('sha256').update(body).digest('hex') });
  }
}

class Racing extends MemoryTarget {
  override async put(key: string, body: Uint8Array, given: PutOptions): Promise<'created' | 'same'> {
    const taken = this.objects.has(key);
    await new Promise(setImmediate);
    if (!taken) this.objects.delete(key);
    return super.put(key, body, given);
  }
}

class Keeping extends MemoryTarget {
  override async put(key: string, body: Uint8Array, given: PutOptions): Promise<'created' | 'same'> {
    const outcome = await super.put(key, body, given);
    if (outcome === 'created') this.objects.set(key, body);
    return outcome;
  }
}

class PastTheEnd extends MemoryTarget {
  override async *get(key: string, range: Range = { offset: 0 }): AsyncGenerator<Uint8Array> {
    const size = this.objects.get(key)?.length ?? 0;
    if (size > 0 && range.offset > size) refuse('TARGET_IO', `${key} has only ${size} bytes`);
    yield* super.get(key, range);
  }
}

class EmptyForAbsent extends MemoryTarget {
  override async *get(key: string, range?: Range): AsyncGenerator<Uint8Array> {
    if (range?.length === 0) return this.assertKey(key);
    yield* super.get(key, range);
  }
}

class ByFolder extends MemoryTarget {
  override async *list(prefix: string, after?: string): AsyncGenerator<Listed> {
    const all: Listed[] = [];
    for await (const one of super.list(prefix, after)) all.push(one);
    const parts = ({ key }: Listed) => key.split('/').join('\0');
    yield* all.sort((a, b) => (parts(a) < parts(b) ? -1 : 1));
  }
}

class StrictFolders extends MemoryTarget {
  override async *list(prefix: string, after?: string): AsyncGenerator<Listed> {
    const there = [...this.objects.keys()].some((key) => key.startsWith(prefix));
    if (prefix.startsWith('absent') && !there) refuse('OBJECT_MISSING', prefix);
    yield* super.list(prefix, after);
  }
}

class NeverEmpty extends MemoryTarget {
  override async put(key: string, body: Uint8Array, given: PutOptions): Promise<'created' | 'same'> {
    if (body.length === 0 && !this.objects.has(key)) refuse('TARGET_IO', `${key} would be empty`);
    return super.put(key, body, given);
  }
}

class FromAfter extends MemoryTarget {
  override async *list(prefix: string, after?: string): AsyncGenerator<Listed> {
    const size = after === undefined ? undefined : this.objects.get(after)?.length;
    if (after?.startsWith(prefix) && size !== undefined) yield { key: after, size };
    yield* super.list(prefix, after);
  }
}

class Climbing extends MemoryTarget {
  override assertKey(key: string): void {
    if (!key.includes('..')) super.assertKey(key);
  }
}

class Shortened extends MemoryTarget {
  override assertKey(key: string): void {
    super.assertKey(key);
    if (key.length > 200) refuse('KEY_INVALID', `${key} is too long`);
  }
}

class StrictDelete extends MemoryTarget {
  override async delete(key: string): Promise<void> {
    this.assertKey(key);
    if (!this.objects.delete(key)) refuse('OBJECT_MISSING', key);
  }
}

class MovesOver extends MemoryTarget {
  override async move(key: string, to: string): Promise<void> {
    if (this.objects.has(key)) this.objects.delete(to);
    await super.move(key, to);
  }
}

class Deaf extends MemoryTarget {
  override async put(key: string, body: Uint8Array, given: PutOptions): Promise<'created' | 'same'> {
    return MemoryTarget.prototype.put.call(
      new MemoryTarget(this.objects, { ...this.host, signal: new AbortController().signal }),
      key,
      body,
      given,
    );
  }
}

class PretendsToLock extends MemoryTarget {
  override put(key: string, body: Uint8Array, { sha256 }: PutOptions): Promise<'created' | 'same'> {
    return super.put(key, body, { sha256 });
  }
}

class OverFull extends MemoryTarget {
  override async capacity() {
    return { used: 2, total: 1 };
  }
}

class OnceOnly extends MemoryTarget {
  #gone = false;
  override async [Symbol.asyncDispose](): Promise<void> {
    if (this.#gone) refuse('TARGET_IO', 'closed twice');
    this.#gone = true;
  }
}

class WrongClock extends MemoryTarget {
  override async now(): Promise<Date> {
    return new Date(0);
  }
}

const sound = memoryPlugin(MemoryTarget);

/** Makes the place that should have been missed. */
const obliging: TargetPlugin = {
  ...sound,
  async open(options, host) {
    await sound.create?.(options as { place: string }, host);
    return sound.open(options as { place: string }, host);
  },
};

/** Forgets what is there. */
const fresh: TargetPlugin = {
  ...sound,
  async create(options) {
    places.set((options as { place: string }).place, new Map());
  },
};

export const brokenTargets: readonly BrokenTarget[] = [
  { breaks: 'other bytes under a key that is taken', plugin: memoryPlugin(Overwriting) },
  { breaks: 'a digest that does not match', plugin: memoryPlugin(Trusting) },
  { breaks: 'eight puts of one key at once', plugin: memoryPlugin(Racing) },
  { breaks: 'the body stays the caller’s', plugin: memoryPlugin(Keeping) },
  { breaks: 'ranges', plugin: memoryPlugin(PastTheEnd) },
  { breaks: 'a key that is absent', plugin: memoryPlugin(EmptyForAbsent) },
  { breaks: 'list: all keys, in order', plugin: memoryPlugin(ByFolder) },
  { breaks: 'list: a prefix', plugin: memoryPlugin(StrictFolders) },
  { breaks: 'an empty body', plugin: memoryPlugin(NeverEmpty) },
  { breaks: 'list: after a key', plugin: memoryPlugin(FromAfter) },
  { breaks: 'hostile keys', plugin: memoryPlugin(Climbing) },
  { breaks: 'keys with every allowed character', plugin: memoryPlugin(Shortened) },
  { breaks: 'delete', plugin: memoryPlugin(StrictDelete) },
  { breaks: 'move', plugin: memoryPlugin(MovesOver) },
  { breaks: 'gives up when told', plugin: memoryPlugin(Deaf) },
  { breaks: 'a lock that cannot be kept', plugin: memoryPlugin(PretendsToLock) },
  { breaks: 'capacity', plugin: memoryPlugin(OverFull) },
  { breaks: 'disposing', plugin: memoryPlugin(OnceOnly) },
  { breaks: 'a clock', plugin: memoryPlugin(WrongClock) },
  { breaks: 'a place that is not there', plugin: obliging },
  { breaks: 'making the place', plugin: fresh },
  { breaks: 'identity', plugin: { ...sound, identity: () => 'memory' } },
  { breaks: 'describes itself', plugin: { ...sound, summary: '' } },
];
