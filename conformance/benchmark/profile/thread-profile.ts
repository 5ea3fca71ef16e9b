import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What one thread of a program did, by samples. */
export interface ThreadProfile {
  /** `main`, or `worker 1`, as they were started. */
  readonly thread: string;
  readonly busySeconds: number;
  readonly idleSeconds: number;
  /** Seconds in which each function itself ran, without those that it called; the longest first. Its name, and the module it is of. */
  readonly functions: readonly { readonly name: string; readonly seconds: number }[];
}

/** A `.cpuprofile`, as V8 writes it: https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile. Times are microseconds. */
interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

const IDLE = '(idle)';

/** The profiles that `node --cpu-prof --cpu-prof-dir` left in a folder, in the order of its threads. */
export function readThreadProfiles(folder: string): ThreadProfile[] {
  const threads = readdirSync(folder).flatMap((file) => {
    const [, thread] = /^CPU\.\d+\.\d+\.\d+\.(\d+)\.\d+\.cpuprofile$/.exec(file) ?? [];
    return thread === undefined ? [] : [{ thread: Number(thread), file }];
  });
  return threads
    .sort((a, b) => a.thread - b.thread)
    .map(({ thread, file }) =>
      threadProfile(
        thread === 0 ? 'main' : `worker ${thread}`,
        JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile,
      ),
    );
}

function threadProfile(thread: string, { nodes, samples, timeDeltas }: CpuProfile): ThreadProfile {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const seconds = new Map<string, number>();
  for (const [i, id] of samples.entries()) {
    const name = names.get(id) ?? '';
    seconds.set(name, (seconds.get(name) ?? 0) + (timeDeltas[i] ?? 0) / 1e6);
  }
  const idleSeconds = seconds.get(IDLE) ?? 0;
  seconds.delete(IDLE);
  const functions = [...seconds].map(([name, one]) => ({ name, seconds: one })).sort((a, b) => b.seconds - a.seconds);
  return { thread, busySeconds: functions.reduce((sum, one) => sum + one.seconds, 0), idleSeconds, functions };
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === '' ? 'anonymous' : functionName;
  return url === '' ? name : `${name} ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
}
