import type { Kind } from '../contract/index.ts';

/** Plugins that the project has said it will bring, and this version does not. */
const ANNOUNCED: Partial<Readonly<Record<Kind, readonly string[]>>> = {
  source: ['postgres', 'redis', 'influxdb', 'kafka', 'command'],
  target: ['s3'],
};

export function isAnnounced(kind: Kind, name: string): boolean {
  return ANNOUNCED[kind]?.includes(name) ?? false;
}
