import { definePlugin, type Host, type Json, type Sink, type Source, Type } from 'holdfast/plugin';
import type { TObject } from 'typebox';
import type { SourceHarness } from '../suites/source-harness.ts';
import { Notes, notebookOf, notebooks, serverOf } from './notes.ts';

/** A way to break an obligation: what is put in the place of the whole source's own methods. */
type Fault = (whole: Notes, name: string, host: Host) => Partial<Source>;

/** By the name of the one check that must see it. */
export const sourceFaults: Readonly<Record<string, Fault>> = {
  'probe changes nothing': (whole, name) => ({
    async probe() {
      const facts = await whole.probe();
      notebookOf(name).set('probed', 'yes');
      return facts;
    },
  }),
  'hands in what the contract says': (whole) => ({
    backup: (request, out) =>
      whole.backup(request, {
        ...passedOn(out),
        bytes: (part, data, options) => out.bytes(part, withEmptyBuffer(data), options),
      }),
  }),
  'parts keep their names': (whole) => ({
    backup: (request, out) =>
      whole.backup(request, {
        ...passedOn(out),
        bytes: (part, data, options) =>
          out.bytes(request.previous === undefined ? part : `${part} again`, data, options),
      }),
  }),
  'what cannot be read is skipped, the rest kept': (whole) => ({
    backup: (request, out) => whole.backup(request, { ...passedOn(out), skip: () => {} }),
  }),
  'a failing sink ends the backup': (whole) => ({
    backup: (request, out) =>
      whole.backup(request, {
        ...passedOn(out),
        async bytes(part, data, options) {
          try {
            await out.bytes(part, data, options);
          } catch (error) {
            if (!(error instanceof Error) || !('failure' in error)) throw error; // aborted
          }
        },
      }),
  }),
  'disposing is safe at any time': () => {
    let disposed = false;
    return {
      async [Symbol.asyncDispose]() {
        if (disposed) throw new Error('it was closed already');
        disposed = true;
      },
    };
  },
  'plan touches nothing': (whole) => ({
    async plan(request, from, tell) {
      const plan = await whole.plan(request, from, tell);
      if (request.conflict === 'error') notebookOf(serverOf(request.into)).set('planned', 'yes');
      return plan;
    },
    restore(plan, request, from) {
      if ('server' in request.into) notebookOf(serverOf(request.into)).delete('planned');
      return whole.restore(plan, request, from);
    },
  }),
  'a plan tells every change': (whole) => ({ plan: (request, from) => whole.plan(request, from) }),
  'what was not told is not done': (whole) => ({
    async restore(plan, request, from) {
      const seen = request.conflict === 'replace' ? await whole.plan(request, from) : plan;
      return whole.restore(seen, request, from);
    },
  }),
  'restores to where it was captured': (whole) => ({
    restore: (plan, request, from) =>
      'original' in request.into ? Promise.resolve({ facts: null, skipped: [] }) : whole.restore(plan, request, from),
  }),
  'conflict skip leaves what exists': (whole) => ({
    restore: (plan, request, from) => whole.restore(plan, { ...request, conflict: 'replace' }, from),
  }),
  'an aborted restore ends': (_whole, name, host) => {
    const deaf = new Notes(name, { ...host, signal: new AbortController().signal });
    return { restore: (plan, request, from) => deaf.restore(plan, request, from) };
  },
};

/** The harness of the notes source, whole or with one fault. */
export function notesHarness(fault: Fault | undefined): SourceHarness {
  let count = 0;
  const make = (content: readonly (readonly [string, string])[]) => {
    const name = `notebook-${++count}`;
    notebooks.set(name, new Map(content));
    const state = async (): Promise<Json> =>
      Object.fromEntries([...notebookOf(name)].filter(([, text]) => text !== null));
    return { name, state, [Symbol.asyncDispose]: async () => void notebooks.delete(name) };
  };
  return {
    plugin: notesPlugin(fault),
    async system() {
      const { name, state, ...rest } = make([
        ['first', 'to begin with'],
        ['second', 'and then'],
      ]);
      const spoil = async () => {
        notebookOf(name).set('second', null);
        return { what: 'second', left: await state() };
      };
      const alter = async () => void notebookOf(name).set('first', 'otherwise');
      return { ...rest, options: { notebook: name }, state, spoil, alter };
    },
    async place() {
      const { name, ...rest } = make([]);
      return { ...rest, into: { server: name }, alter: async () => void notebookOf(name).set('first', 'otherwise') };
    },
    absent: async () => ({ notebook: 'never made' }),
  };
}

const notesOptions = Type.Object(
  { notebook: Type.String({ description: 'The name of the notebook.' }) },
  { additionalProperties: false },
);

function notesPlugin(fault: Fault | undefined): SourceHarness['plugin'] {
  return definePlugin<TObject>({
    kind: 'source',
    name: 'notes',
    api: 1,
    version: '1.0.0',
    stability: 'experimental',
    summary: 'Notes in memory.',
    options: notesOptions,
    can: ['in-place'],
    async open(options, host) {
      const name = String(options['notebook']);
      const whole = new Notes(name, host);
      return {
        probe: () => whole.probe(),
        backup: (request, out) => whole.backup(request, out),
        plan: (request, from, tell) => whole.plan(request, from, tell),
        restore: (plan, request, from) => whole.restore(plan, request, from),
        [Symbol.asyncDispose]: () => whole[Symbol.asyncDispose](),
        ...fault?.(whole, name, host),
      };
    },
  });
}

/** A sink that hands everything to `out`, for a fault to change one method of. */
function passedOn(out: Sink): Sink {
  return {
    bytes: (name, data, options) => out.bytes(name, data, options),
    tree: (name, entries, options) => out.tree(name, entries, options),
    reuse: (name) => out.reuse(name),
    append: (record) => out.append(record),
    gap: (gap) => out.gap(gap),
    skip: (what, failure) => out.skip(what, failure),
  };
}

async function* withEmptyBuffer(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(0);
  yield* data;
}
