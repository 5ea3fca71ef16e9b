import { registerHooks } from 'node:module';

/** The contract, and the calls of the system that Node lacks. */
const OWN = ['holdfast/plugin', 'holdfast/system'];
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
      if (OWN.includes(specifier)) return next(specifier, here);
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
