import { fileURLToPath } from 'node:url';
import { lendHost } from '../kit/host.ts';
import { noise, sha256 } from '../kit/samples.ts';

// A process of its own that puts one object after the other until it is killed. Before each put it prints the digest of
// the body, which is also the end of the key; so when the next line appears, the put before it has resolved.

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [module = '', options = ''] = process.argv.slice(2);
  await write(module, options);
}

async function write(module: string, options: string): Promise<void> {
  const { plugin } = await import(module);
  await using host = await lendHost();
  await using target = await plugin.open(JSON.parse(options), host);
  // Ends by itself at some point, should its parent be gone.
  for (let n = 0; n < 1000; n++) {
    const body = noise(process.pid * 1000 + n, 8 * 2 ** 20);
    const digest = sha256(body);
    process.stdout.write(`${digest}\n`);
    await target.put(`packs/${digest}`, body, { sha256: digest });
  }
}
