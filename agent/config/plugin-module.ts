import { stat } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { lendModules } from './lent-modules.ts';
import type { Problem } from './problem.ts';
import { weaknessOf } from './trusted-path.ts';

/** What is wrong with a module, wherever it was named. */
export type ModuleTrouble = Omit<Problem, 'path' | 'on'>;

const PACKAGE_NAME = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(\/[\w./-]+)?$/;
const LOADING_MS = 10_000;

/** Whether a policy means a file by `name`, and not a package. */
export function isFileName(name: string): boolean {
  return /^(\.\.?)?\//.test(name);
}

/** The URL of the module that a policy in `folder` calls `name`: HF2015 when there is none, HF2018 when it is not to be trusted. */
export async function findModule(name: string, folder: string): Promise<string | ModuleTrouble> {
  const found = isFileName(name) ? await findFile(name, folder) : await findPackage(name, folder);
  if (typeof found !== 'string') return found;
  try {
    const user = process.getuid?.();
    const weak = user === undefined ? undefined : await weaknessOf(fileURLToPath(found), user);
    if (weak === undefined) return found;
    const message = `plugin ${name} could be changed by other users: ${weak.path} ${weak.how}`;
    return { code: 'HF2018', message, hint: `what the agent runs must be only yours: ${weak.mend}` };
  } catch (error) {
    return unloadable(name, textOf(error));
  }
}

/** Imports it; HF2015 when it throws, or does not come to an end. */
export async function importModule(
  url: string,
  name: string,
  waitMs = LOADING_MS,
): Promise<{ exports: unknown } | ModuleTrouble> {
  lendModules();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`it did not load within ${waitMs / 1000} s`)), waitMs);
  try {
    const exports: unknown = await Promise.race([import(url), late.promise]);
    return { exports };
  } catch (error) {
    return unloadable(name, whereOf(error) + textOf(error), hintFor(error, url));
  } finally {
    clearTimeout(timer);
  }
}

async function findFile(name: string, folder: string): Promise<string | ModuleTrouble> {
  const file = path.resolve(folder, name);
  const info = await stat(file).catch((error: unknown) => unloadable(name, missing(error, file)));
  if ('code' in info) return info;
  if (info.isFile()) return pathToFileURL(file).href;
  const index = path.posix.join(name, 'index.ts');
  const suggestion = name.startsWith('./') ? `./${index}` : index;
  return { ...unloadable(name, 'it is no file', 'name the module in it'), suggestion };
}

function missing(error: unknown, file: string): string {
  const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  return absent ? `there is no file ${file}` : textOf(error);
}

async function findPackage(name: string, folder: string): Promise<string | ModuleTrouble> {
  if (!PACKAGE_NAME.test(name)) {
    return unloadable(name, 'it is neither a path nor the name of a package', 'paths begin with ./ or ../ or /');
  }
  try {
    const url = resolveFrom(folder, name);
    if (url.startsWith('file:')) return url;
    return unloadable(name, 'it is a part of Node', 'a file is named by its path: ./name.ts');
  } catch (error) {
    const there = await stat(path.resolve(folder, name)).then(
      (info) => info.isFile(),
      () => false,
    );
    if (there) return { ...unloadable(name, 'there is no package of this name'), suggestion: `./${name}` };
    return unloadable(name, textOf(error).replace(/ imported from .*/s, ''), `npm install ${name}, in ${folder}`);
  }
}

/**
 * The URL that `import name` would load from a module in `folder`: Node has no call for that, so the question is put as from
 * there. The conditions are Node's own; those this process was started with (`source`, in a checkout) are not meant for others.
 */
function resolveFrom(folder: string, name: string): string {
  const question = `holdfast-policy:${name}`;
  const parentURL = pathToFileURL(path.join(folder, 'policy')).href;
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === question
        ? next(name, { ...context, parentURL, conditions: ['node', 'import', 'module-sync', 'node-addons'] })
        : next(specifier, context),
  });
  try {
    return import.meta.resolve(question);
  } finally {
    hooks.deregister();
  }
}

function unloadable(name: string, why: string, hint?: string): ModuleTrouble {
  return { code: 'HF2015', message: `plugin ${name} cannot be loaded: ${why}`, hint };
}

function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}

/** Where a module is no TypeScript: only the stack says it, and of JavaScript not even that. */
function whereOf(error: unknown): string {
  const [place] = error instanceof SyntaxError ? (/^(file:.*|\/.*):\d+$/m.exec(error.stack ?? '') ?? []) : [];
  return place === undefined ? '' : `${place.replace(/^file:\/\//, '')}: `;
}

function hintFor(error: unknown, url: string): string | undefined {
  if (error instanceof SyntaxError) return `node ${fileURLToPath(url)} shows the line`;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING') return 'an installed package must hold JavaScript';
  const [, missing] = code === 'ERR_MODULE_NOT_FOUND' ? (/package '([^']+)'/.exec(textOf(error)) ?? []) : [];
  return missing === undefined ? undefined : `npm install ${missing}, in ${path.dirname(fileURLToPath(url))}`;
}
