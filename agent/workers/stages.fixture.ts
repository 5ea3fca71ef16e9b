import { writeFileSync } from 'node:fs';
import { type Chunker, definePlugin, Type } from '../contract/index.ts';

/** A chunker that does what its option says. Named by its module, as workers load it. */
export const plugin = definePlugin({
  kind: 'chunker',
  name: 'test',
  api: 1,
  version: '0.0.0',
  stability: 'experimental',
  summary: 'Keeps its promise or breaks it.',
  options: Type.Object({ cut: Type.String() }),
  create: ({ cut }): Chunker => ({
    maxBytes: 4096,
    cut(window, end) {
      if (cut === 'throws') throw new TypeError('the chunker is broken');
      // Says that it is in the loop before it enters it: nothing else can be heard of it then.
      if (cut.startsWith('loops ')) for (writeFileSync(cut.slice('loops '.length), 'in it'); ; );
      if (cut === 'nothing') return 0;
      if (cut === 'too much') return window.length + 1;
      if (cut === 'half') return 1.5;
      if (window.length >= 4096) return 4096;
      return end ? window.length : 0;
    },
  }),
});
