import { definePlugin, Type } from 'holdfast/plugin';
import { plugin as local } from '../../../plugins/targets/local/index.ts';
import { type FaultPoint, faulty } from './faulty-target.ts';

/** A local target whose operations pass a fault point; asked for when one is opened. */
export function faultyPlugin(pointOf: () => FaultPoint) {
  return definePlugin({
    kind: 'target',
    name: 'faulty',
    api: 1,
    version: '0.0.0',
    stability: 'experimental',
    summary: 'A local target whose operations fail as a sweep says.',
    options: Type.Object({ path: Type.String() }),
    identity: ({ path }) => path,
    open: async (options, host) => {
      const point = pointOf();
      return faulty(await point.done({ operation: 'open', do: () => local.open(options, host) }), point);
    },
  });
}
