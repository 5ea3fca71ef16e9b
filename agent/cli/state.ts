import path from 'node:path';
import { fail } from '../contract/index.ts';

interface StateQuestion {
  /** `--state`. */
  readonly option: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly uid: number;
  readonly home: string;
  readonly cwd: string;
}

/** Where this host keeps its keys and its catalog: `--state`, HOLDFAST_STATE, /var/lib/holdfast for root, else XDG. */
export function stateFolder({ option, env, uid, home, cwd }: StateQuestion): string {
  const named = option || env['HOLDFAST_STATE'];
  if (named) return path.resolve(cwd, named);
  return uid === 0 ? '/var/lib/holdfast' : path.join(userStateFolder(env, home), 'holdfast');
}

/** `$XDG_STATE_HOME`, which counts only when it is absolute (XDG Base Directory Specification 0.8), else ~/.local/state. */
export function userStateFolder(env: NodeJS.ProcessEnv, home: string): string {
  const named = env['XDG_STATE_HOME'];
  return named && path.isAbsolute(named) ? named : path.join(home, '.local', 'state');
}

/** Makes the folder, 0700. One that others can write to is refused where keys are read from it (KEYS_EXPOSED). */
export async function makeStateFolder(folder: string): Promise<void> {
  try {
    // Who asks where it is only, as completion does, loads nothing of this.
    const { makeDurableFolder } = await import('../system/durable-folder.ts');
    await makeDurableFolder(folder, 0o700);
  } catch (error) {
    failState(folder, error);
  }
}

function failState(folder: string, error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error);
  fail(
    {
      code: 'STATE_DENIED',
      message: `The state folder ${folder} cannot be made: ${reason}`,
      origin: 'agent',
      permanent: true,
      hint: 'Name another one with --state <folder> or HOLDFAST_STATE.',
    },
    error,
  );
}
