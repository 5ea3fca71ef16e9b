import { fail } from '../contract/index.ts';
import { readWriterCode } from './keys/writer-code.ts';
import type { KnownWriter, Writers } from './writers.ts';

export interface NamedWriter {
  readonly writer: KnownWriter;
  /** A code says which keys are meant; an id says only whom the repository calls so. */
  readonly by: 'code' | 'id';
}

/** The writer that a code, or the beginning of an id, names. USAGE when there is none, or more than one. */
export function findWriter(writers: Writers, name: string): NamedWriter {
  const all = [...writers];
  const code = readWriterCode(name);
  const coded = all.find((writer) => writer.code === code);
  if (coded !== undefined) return { writer: coded, by: 'code' };
  const beginning = name.toLowerCase();
  const named = /^[0-9a-f]{4,32}$/.test(beginning) ? all.filter(({ id }) => id.startsWith(beginning)) : [];
  const [writer] = named;
  if (writer !== undefined && named.length === 1) return { writer, by: 'id' };
  return fail({
    code: 'USAGE',
    message:
      named.length > 1
        ? `${named.length} writers begin with ${JSON.stringify(name)}.`
        : `No writer of the repository has the code or the id ${JSON.stringify(name)}.`,
    origin: 'agent',
    permanent: true,
    hint:
      named.length > 1
        ? 'Give more digits, or the code.'
        : code === undefined
          ? 'A code has 16 letters and digits, an id at least 4; `holdfast keys` lists both.'
          : 'If the host shows this code, its keys did not get here: see that it writes to the same target. If another code stands beside its name in `holdfast keys`, somebody replaced its keys.',
  });
}

/** The same for reading what it wrote: WRITER_UNAPPROVED when it is not trusted. */
export function findTrusted(writers: Writers, name: string): KnownWriter {
  const { writer } = findWriter(writers, name);
  return writers.trusts(writer.id) ? writer : fail(writers.unapproved(writer.id, 'what it wrote'));
}
