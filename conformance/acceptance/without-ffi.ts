/** Preloaded (`--import`), it makes a Node that has no `node:ffi`, as 24 is, in every thread. */
const { getBuiltinModule } = process;

Object.defineProperty(process, 'getBuiltinModule', {
  value: (id: string) => (id === 'node:ffi' ? undefined : getBuiltinModule(id)),
});
