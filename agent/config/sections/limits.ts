import { Type } from '../../contract/index.ts';
import { rate, size } from '../vocabulary.ts';
import { window } from './schedules.ts';

const windowed = Type.Object(
  { ...window.properties, rate: rate('What goes over the network in this part of the week.', '100Mbps') },
  { description: 'A rate for a part of the week.', additionalProperties: false },
);

export const Limits = Type.Object(
  {
    workers: Type.Optional(
      Type.Integer({
        description: 'Threads that chunk, compress and encrypt. By default one for each processor, at most 8.',
        minimum: 1,
        maximum: 64,
      }),
    ),
    memory: Type.String({ ...size('Buffers in flight.', '256MiB', '1GiB'), default: '256MiB' }),
    files: Type.Integer({ description: 'File operations at a time.', default: 8, minimum: 1, maximum: 256 }),
    bandwidth: Type.Optional(
      Type.Union(
        [
          rate('The same rate all week.', '100Mbps'),
          Type.Array(windowed, { description: 'Rates for parts of the week; the first that fits holds.', minItems: 1 }),
        ],
        { description: 'What goes to targets over the network, all together: a rate, or rates for parts of the week.' },
      ),
    ),
    nice: Type.Optional(
      Type.Integer({
        description: 'How much the agent gives way to others for processors: 0 not, 19 most.',
        minimum: 0,
        maximum: 19,
      }),
    ),
    io: Type.Optional(
      Type.Enum(['normal', 'low', 'idle'], { description: 'How much the agent gives way to others for disks.' }),
    ),
  },
  { description: 'What the agent may take of the host.', additionalProperties: false, default: {} },
);
