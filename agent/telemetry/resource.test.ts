import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceAttributes, uuidV5 } from './resource.ts';

test('uuidV5 gives the example of RFC 9562, appendix A.4', () => {
  const dns = Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex');
  assert.equal(uuidV5(dns, 'www.example.com'), '2ed6657d-e927-568b-95e1-2665a8aea6a2');
});

test('the resource names the agent and the host, and nothing of the command line', async () => {
  const attributes = await resourceAttributes('1.2.3', 'db1');
  assert.equal(attributes['service.name'], 'holdfast');
  assert.equal(attributes['service.version'], '1.2.3');
  assert.equal(attributes['host.name'], 'db1');
  assert.match(
    attributes['service.instance.id'] ?? '',
    /^[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  assert.deepEqual(
    Object.keys(attributes).filter((key) => key.startsWith('process')),
    [],
  );
});
