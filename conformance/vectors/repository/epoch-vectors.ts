import { domain, domainSecret, epochId, other, repository, writer, writerSigner } from './domain-keys.ts';
import { person, sealed } from './openpgp.ts';
import { cbor, changed, header, keyPair, latin1, object } from './reference-writer.ts';
import { family } from './refused.ts';
import { hex, type Vector, type VectorFile } from './vector.ts';

export interface EpochParts {
  readonly repository?: Uint8Array;
  readonly domain?: Uint8Array;
  readonly domainName?: string;
  readonly id?: Uint8Array;
  readonly domainSecret?: Uint8Array;
  /** Label of the key pair. */
  readonly pair?: string;
  readonly created?: string;
  readonly recipients?: readonly string[];
}

/** What is sealed to the recipients of an epoch. */
export async function epochPayload(o: EpochParts = {}): Promise<Buffer> {
  const { privateKey } = await keyPair(o.pair ?? 'epoch');
  const ids = [o.repository ?? repository, o.domain ?? domain, o.id ?? epochId];
  return Buffer.concat([header('epoch'), ...ids, privateKey, o.domainSecret ?? domainSecret]);
}

/** The fields of an epoch; `sealed` is its payload, sealed to its recipients. */
export async function epochFields(o: EpochParts = {}) {
  const recipients = o.recipients ?? ['recovery', 'escrow'];
  const fingerprints = await Promise.all(recipients.map(async (name) => (await person(name)).fingerprint));
  return {
    id: hex(o.id ?? epochId),
    domain: hex(o.domain ?? domain),
    repository: hex(o.repository ?? repository),
    writer: hex(writer),
    domainName: o.domainName ?? 'host-1/standard',
    created: o.created ?? '2026-01-02T03:04:05.006Z',
    publicKey: (await keyPair(o.pair ?? 'epoch')).publicKey,
    recipients: fingerprints,
    sealed: await sealed(await epochPayload(o), recipients),
  };
}

export async function epochVectors(): Promise<VectorFile<Vector>> {
  const fields = await epochFields();
  const key = `keys/epochs/${fields.domain}/${fields.id}`;
  const keys = { [`writer ${fields.writer}`]: hex(writerSigner.publicKey) };
  const { ok, bad } = family({ key, keys, with: { reader: 'recovery' } });
  const made = (changes: object, by = writerSigner) => object('epoch', cbor({ ...fields, ...changes }), by);
  const bytes = made({});
  const { publicKey, privateKey } = await keyPair('epoch');
  const holds = {
    ...fields,
    publicKey: hex(publicKey),
    sealed: hex(fields.sealed),
    privateKey: hex(privateKey),
    domainSecret: hex(domainSecret),
  };
  const malformed: Readonly<Record<string, object>> = {
    'a field too many': { later: 1 },
    'a public key of 31 bytes': { publicKey: publicKey.subarray(1) },
    'a fingerprint in capitals': { recipients: fields.recipients.map((one) => one.toUpperCase()) },
    'recipients that are no list': { recipients: fields.recipients[0] },
    'a time without its milliseconds': { created: '2026-01-02T03:04:05Z' },
    'a sealed message that is text': { sealed: 'text' },
    'the object of another epoch': { id: hex(other.epoch) },
    'the object of another domain': { domain: hex(other.domain) },
  };
  const payload = await epochPayload();
  const toBoth = async (of: Uint8Array) => made({ sealed: await sealed(of, ['recovery', 'escrow']) });
  const forged: Readonly<Record<string, Uint8Array>> = {
    'keys of another repository': await epochPayload({ repository: other.repository }),
    'keys of another domain': await epochPayload({ domain: other.domain }),
    'keys of another epoch': await epochPayload({ id: other.epoch }),
    'the private key of another public key': await epochPayload({ pair: 'another epoch' }),
    'the header of another type': Buffer.concat([header('writer'), payload.subarray(8)]),
    'a byte more than there should be': Buffer.concat([payload, Buffer.of(0)]),
    'a byte less than there should be': payload.subarray(0, -1),
  };
  const stranger = await sealed(payload, ['stranger']);
  return {
    about:
      'Epochs, opened by a recipient. keys: the public keys of the writers that are known. with: who reads, a name in ' +
      'openpgp-keys.json. holds: the fields of the record and the two keys that were sealed, bytes as hex.',
    vectors: [
      ok('an epoch of two recipients', bytes, holds),
      ok('the other recipient', bytes, holds, { with: { reader: 'escrow' } }),
      ...Object.entries(malformed).map(([name, changes]) => bad(name, 'OBJECT_DAMAGED', made(changes))),
      bad('the type of a writer', 'OBJECT_DAMAGED', object('writer', cbor(fields), writerSigner)),
      bad('format version 2', 'FORMAT_NEWER', changed(bytes, 5, Buffer.of(2))),
      bad('a writer that is not known', 'WRITER_UNKNOWN', bytes, { keys: {} }),
      bad('signed by another', 'SIGNATURE_INVALID', made({}, other.signer)),
      bad(
        'another name of the domain, not signed again',
        'SIGNATURE_INVALID',
        changed(bytes, bytes.indexOf('host-1') + 5),
      ),
      bad('a reader who is no recipient', 'WRONG_KEY', bytes, { with: { reader: 'stranger' } }),
      bad('a recipient by name only', 'WRONG_KEY', made({ sealed: stranger })),
      bad('a sealed message that was changed', 'KEY_DAMAGED', made({ sealed: changed(fields.sealed, -1) })),
      bad('a sealed message that is none', 'KEY_DAMAGED', made({ sealed: latin1('no OpenPGP') })),
      ...(await Promise.all(
        Object.entries(forged).map(async ([name, of]) => bad(name, 'EPOCH_FORGED', await toBoth(of))),
      )),
    ],
  };
}
