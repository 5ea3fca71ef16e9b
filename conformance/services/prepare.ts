/**
 * `npm run services`: builds the servers that tests talk to, where they are not in the cache yet, so that no test waits for a
 * compiler. Prints where each is. One that cannot be had is named, and no failure: its tests say so themselves.
 */
import { findCollector } from './collector.ts';
import { findPostgres } from './postgres-programs.ts';

const services: readonly (readonly [name: string, find: () => Promise<string | undefined>, remedy: string])[] = [
  ['OpenTelemetry Collector', findCollector, 'it is built by Go, see its go.mod for the version'],
  ['PostgreSQL', async () => findPostgres(), 'apt-get install postgresql'],
];

for (const [name, find, remedy] of services) {
  const program = await find();
  console.log(`${name}: ${program ?? `cannot be had here: ${remedy}`}`);
}
