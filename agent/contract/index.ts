/** What a plugin sees: `import … from 'holdfast/plugin'`. Nothing of the agent beyond this module is public. */
export * from './bytes.ts';
export * from './failure.ts';
export * from './host.ts';
export * from './option-doubt.ts';
export * from './plugin.ts';
export * from './printable-path.ts';
export * from './schema.ts';
export * from './secret.ts';
export * from './size.ts';
export * from './source.ts';
export * from './stage.ts';
export * from './target.ts';
export * from './tree.ts';
export * from './unfinished.ts';
