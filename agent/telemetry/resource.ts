import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** The namespace OpenTelemetry gives for `service.instance.id` from a machine id (semantic conventions, service). */
const NAMESPACE = Buffer.from('4d63009a8d0f11eeaad74c796ed8e320', 'hex');

/**
 * Who sends the spans: semantic conventions 1.44, `service` and `host`. One agent runs on a host, so that the instance is named
 * after the machine and stays the same between commands. Process attributes are left out: a command line may hold a secret.
 */
export async function resourceAttributes(version: string, host: string): Promise<Record<string, string>> {
  const machine = await machineId();
  return {
    'service.name': 'holdfast',
    'service.version': version,
    'service.instance.id': machine === undefined ? randomUUID() : uuidV5(NAMESPACE, machine),
    'host.name': host,
    ...(machine === undefined ? {} : { 'host.id': machine }),
  };
}

/** machine-id(5), or what D-Bus has in its place; undefined where neither is set. */
async function machineId(): Promise<string | undefined> {
  for (const file of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (/^[0-9a-f]{32}\s*$/.test(text)) return text.trim();
  }
  return undefined;
}

/** RFC 9562 §5.5. */
export function uuidV5(namespace: Uint8Array, name: string): string {
  const bytes = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
