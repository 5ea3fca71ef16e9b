/**
 * `npm run services`: builds the servers that tests talk to, where they are not in the cache yet, so that no test waits for a
 * compiler. Prints where each is. One that cannot be had is named, and no failure: its tests say so themselves.
 */
import { findCollector } from './collector.ts';

const services: readonly (readonly [name: string, find: () => Promise<string | undefined>])[] = [
  ['OpenTelemetry Collector', findCollector],
];

for (const [name, find] of services) {
  const program = await find();
  console.log(`${name}: ${program ?? 'cannot be had here; it is built by Go, see its go.mod for the version'}`);
}
