type Builtin = { readonly 'node:sqlite': typeof import('node:sqlite'); readonly 'node:ffi': typeof import('node:ffi') };

/**
 * A module of Node that is still experimental, without the ExperimentalWarning that Node prints when it is first loaded; every other
 * warning passes. Undefined when this Node has no such module. A static import would be evaluated before anything here could keep
 * the warning back, and would not link where the module is absent. `notice`: what the text of the warning begins with.
 */
export function builtinModule<N extends keyof Builtin>(name: N, notice: string): Builtin[N] | undefined {
  const emitWarning = process.emitWarning;
  const passOn = (...args: unknown[]) => {
    const [warning, type] = args;
    if (type !== 'ExperimentalWarning' || !String(warning).startsWith(notice))
      Reflect.apply(emitWarning, process, args);
  };
  process.emitWarning = passOn;
  try {
    return process.getBuiltinModule(name) as Builtin[N] | undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}
