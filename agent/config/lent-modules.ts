import { registerHooks } from 'node:module';

const CONTRACT = 'holdfast/plugin';
/** What schemas of options are written with. */
const SCHEMAS = /^typebox(\/|$)/;

let lent = false;

/**
 * Lets modules from outside import the contract of the agent that runs them, in this thread: so that a policy's folder needs no
 * installation of its own, and nobody can put another contract in its way. A plugin's own `typebox` comes first, since its
 * schemas may need another version; the agent's stands in where there is none.
 */
export function lendModules(): void {
  if (lent) return;
  lent = true;
  registerHooks({
    resolve(specifier, context, next) {
      const here = { ...context, parentURL: import.meta.url };
      if (specifier === CONTRACT) return next(specifier, here);
      if (!SCHEMAS.test(specifier)) return next(specifier, context);
      try {
        return next(specifier, context);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')
          return next(specifier, here);
        throw error;
      }
    },
  });
}
