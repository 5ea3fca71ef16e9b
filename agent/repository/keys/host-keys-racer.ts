import { loadHostKeys, saveHostKeys } from './host-keys.ts';
import { generateKeyPair } from './hpke.ts';
import { generateSigner } from './signing.ts';

/*
 * For host-keys.test.ts: a process of its own that tries to be the one that makes the keys, and then adds domains of its own
 * to whatever is there. Arguments: state folder, its writer id (32 hex), how many domains.
 */
const [, , folder = '', writer = '', count = '0'] = process.argv;

process.once('message', async () => {
  const keys = { repository: '0'.repeat(32), writer, signer: generateSigner(), join: generateKeyPair(), domains: [] };
  const first = await saveHostKeys(folder, keys).then(
    () => 'saved',
    (thrown) => thrown.failure?.code ?? String(thrown),
  );
  for (let added = 0; added < Number(count); ) {
    const current = await loadHostKeys(folder);
    if (current === undefined) throw new Error('the keys are gone');
    const epoch = { id: writer, publicKey: new Uint8Array(32), created: new Date(0).toISOString(), recipients: [] };
    const domain = { id: writer, name: `${writer} ${added}`, secret: new Uint8Array(32), epoch };
    added += await saveHostKeys(folder, { ...current, domains: [...current.domains, domain] }).then(
      () => 1,
      () => 0,
    );
  }
  process.send?.({ first });
  process.disconnect?.();
});
process.send?.('ready');
