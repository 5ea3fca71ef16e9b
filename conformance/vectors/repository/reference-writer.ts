/**
 * Writes objects of the repository as agent/repository/FORMAT.md says, from that page alone: it shares no code with the agent, so
 * that the vectors made by it hold both to the page. Everything that a real writer takes from its random source comes
 * from the hash of a label here, so the bytes are the same every time. Never use it for anything but vectors.
 */
import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  sign,
  type webcrypto,
} from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import * as cborg from 'cborg';

export const latin1 = (text: string) => Buffer.from(text, 'latin1');
export const u16 = (n: number) => Buffer.of(n & 255, n >>> 8);
export const u32 = (n: number) => Buffer.of(n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24);
export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
export const hmac = (key: Uint8Array, bytes: Uint8Array) => createHmac('sha256', key).update(bytes).digest();
/** What stands for random bytes. */
export const fixed = (label: string, length: number) => sha256(latin1(`holdfast vector ${label}`)).subarray(0, length);

export function hkdf(secret: Uint8Array, salt: Uint8Array, info: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, length));
}

export function gcm(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(aad);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

const TYPES = {
  ...{ repository: 1, pack: 2, index: 3, snapshot: 4, epoch: 6, writer: 7, session: 8 },
  ...{ approval: 11, removal: 12, mark: 13, void: 14 },
} as const;

export function header(type: keyof typeof TYPES): Buffer {
  return Buffer.concat([latin1('HFST'), Buffer.of(TYPES[type], 1, 1, 0)]);
}

/** A record: deterministic CBOR. */
export const cbor = (value: unknown) => Buffer.from(cborg.encode(value, cborg.rfc8949EncodeOptions));

/** A record whose keys stand in the order they were given. */
export const unsortedCbor = (value: unknown) => Buffer.from(cborg.encode(value, { mapSorter: () => 0 }));

/** Header and record, and the signature of `by` when there is one. */
export function object(
  type: keyof typeof TYPES,
  record: Uint8Array,
  by?: { sign(bytes: Uint8Array): Uint8Array },
): Buffer {
  const bytes = Buffer.concat([header(type), record]);
  return by === undefined ? bytes : signed(bytes, by);
}

/** A flipped bit, or other bytes, at an offset; from the end when negative. */
export function changed(bytes: Uint8Array, at: number, to?: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  const offset = at < 0 ? copy.length + at : at;
  copy.set(to ?? Buffer.of((copy[offset] ?? 0) ^ 1), offset);
  return copy;
}

/** An Ed25519 signer whose seed is `fixed(label)`. */
export function signer(label: string): { publicKey: Buffer; sign(bytes: Uint8Array): Buffer } {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), fixed(label, 32)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  return { publicKey, sign: (bytes) => sign(null, bytes, key) };
}

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

export async function keyPair(
  label: string,
): Promise<{ publicKey: Buffer; privateKey: Buffer; pair: webcrypto.CryptoKeyPair }> {
  const pair = await suite.kem.deriveKeyPair(new Uint8Array(fixed(label, 32)));
  const publicKey = Buffer.from(await suite.kem.serializePublicKey(pair.publicKey));
  const privateKey = Buffer.from(await suite.kem.serializePrivateKey(pair.privateKey));
  return { publicKey, privateKey, pair };
}

export async function hpke(
  label: string,
  to: webcrypto.CryptoKey,
  info: string,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Promise<{ enc: Buffer; sealed: Buffer }> {
  const { pair } = await keyPair(`${label} ephemeral`);
  const sender = await suite.createSenderContext({
    recipientPublicKey: to,
    info: new Uint8Array(latin1(info)),
    ekm: pair,
  });
  const sealed = await sender.seal(new Uint8Array(plaintext), new Uint8Array(aad));
  return { enc: Buffer.from(sender.enc), sealed: Buffer.from(sealed) };
}

export interface BirthKeys {
  readonly record: Buffer;
  readonly salt: Buffer;
  readonly frameKey: Buffer;
}

export async function birth(
  label: string,
  domain: Uint8Array,
  epoch: Uint8Array,
  to: webcrypto.CryptoKey,
): Promise<BirthKeys> {
  const salt = Buffer.from(fixed(`${label} salt`, 32));
  const dataKey = fixed(`${label} data key`, 32);
  const { enc, sealed } = await hpke(label, to, 'holdfast v1 birth', Buffer.concat([domain, epoch, salt]), dataKey);
  const derived = hkdf(dataKey, salt, 'holdfast v1 frame', 64);
  const record = Buffer.concat([salt, epoch, enc, sealed, derived.subarray(32)]);
  return { record, salt, frameKey: derived.subarray(0, 32) };
}

/** A record under the index key: salt, key check, AES-256-GCM. */
export function sealedRecord(
  label: string,
  indexKey: Uint8Array,
  kind: 'table' | 'index' | 'references',
  aad: Uint8Array,
  record: Uint8Array,
): Buffer {
  const salt = fixed(`${label} salt`, 32);
  const key = hkdf(indexKey, salt, `holdfast v1 ${kind}`, 32);
  const check = hkdf(indexKey, Buffer.alloc(0), 'holdfast v1 index key check', 8);
  return Buffer.concat([salt, check, gcm(key, Buffer.alloc(12), record, aad)]);
}

export interface VectorFrame {
  readonly birth: number;
  readonly ordinal: number;
  readonly codec: number;
  readonly plainLength: number;
  readonly ids: readonly Uint8Array[];
  readonly lengths: readonly number[];
  readonly sealed: Uint8Array;
}

/** A frame to be sealed. `texts`: its chunks. `encoded`: what is sealed, where it is not just the chunks (codec 0). */
export interface NewFrame {
  readonly ordinal: number;
  readonly texts: readonly (string | Uint8Array)[];
  readonly codec?: number;
  readonly encoded?: Uint8Array;
  /** Where its birth stands in the table. */
  readonly birth?: number;
}

/** `idKey` makes the ids of the chunks. */
export function frame(keys: BirthKeys, domain: Uint8Array, idKey: Uint8Array, o: NewFrame): VectorFrame {
  const chunks = o.texts.map((text) => (typeof text === 'string' ? latin1(text) : Buffer.from(text)));
  const plain = Buffer.concat(chunks);
  const ids = chunks.map((chunk) => hmac(idKey, chunk));
  const lengths = chunks.map((chunk) => chunk.length);
  return sealedFrame(keys, domain, { ...o, ids, lengths, encoded: o.encoded ?? plain, plainLength: plain.length });
}

/** A frame that says of itself what it is told to. */
export function sealedFrame(
  keys: BirthKeys,
  domain: Uint8Array,
  o: Omit<VectorFrame, 'sealed' | 'birth' | 'codec'> & { encoded: Uint8Array; codec?: number; birth?: number },
): VectorFrame {
  const { ordinal, codec = 0, birth = 0, plainLength, ids, lengths } = o;
  const head = Buffer.concat([Buffer.of(codec), u32(plainLength), u32(ids.length), ...lengths.map(u32), ...ids]);
  const aad = Buffer.concat([latin1('HFST'), Buffer.of(1, 1), domain, keys.salt, u32(ordinal), sha256(head)]);
  const nonce = Buffer.concat([Buffer.alloc(8), u32(ordinal).reverse()]);
  return { birth, ordinal, codec, plainLength, ids, lengths, sealed: gcm(keys.frameKey, nonce, o.encoded, aad) };
}

export function table(births: readonly BirthKeys[], frames: readonly VectorFrame[]): Buffer {
  const lengths = frames.flatMap((f) => f.lengths);
  return Buffer.concat([
    u32(births.length),
    u32(frames.length),
    u32(lengths.length),
    ...births.map(({ record }) => record),
    ...frames.flatMap((f) => [
      ...[f.sealed.length, f.plainLength, f.ordinal, f.ids.length].map(u32),
      u16(f.birth),
      Buffer.of(f.codec, 0),
    ]),
    ...frames.flatMap((f) => f.ids),
    ...lengths.map(u32),
  ]);
}

/** A pack of frames and an encoded table, which need not belong together. */
export function pack(
  label: string,
  domain: Uint8Array,
  indexKey: Uint8Array,
  frames: readonly VectorFrame[],
  plainTable: Uint8Array,
): Buffer {
  const aad = Buffer.concat([header('pack'), domain]);
  const sealed = sealedRecord(`${label} table`, indexKey, 'table', aad, plainTable);
  const body = Buffer.concat([header('pack'), ...frames.map((f) => f.sealed), sealed]);
  const lengths = Buffer.concat([u32(sealed.length), u32(body.length + 16)]);
  return Buffer.concat([body, lengths, sha256(lengths).subarray(0, 4), latin1('HFSP')]);
}

export function fragment(
  label: string,
  domain: Uint8Array,
  indexKey: Uint8Array,
  packs: readonly { pack: Uint8Array; size?: number; table: Uint8Array }[],
): Buffer {
  const entries = packs.flatMap((p) => [sha256(p.pack), u32(p.size ?? p.pack.length), u32(p.table.length), p.table]);
  const aad = Buffer.concat([header('index'), domain]);
  return Buffer.concat([header('index'), sealedRecord(label, indexKey, 'index', aad, Buffer.concat(entries))]);
}

export interface SnapshotParts {
  /** Encoded CBOR. */
  readonly header: Uint8Array;
  readonly references: Uint8Array;
  readonly body: Uint8Array;
}

export function snapshot(
  label: string,
  parts: SnapshotParts,
  keys: { birth: BirthKeys; indexKey: Uint8Array; sign(bytes: Uint8Array): Uint8Array },
): Buffer {
  const aad = Buffer.concat([header('snapshot'), sha256(parts.header)]);
  const references = sealedRecord(`${label} references`, keys.indexKey, 'references', aad, parts.references);
  const bodyKey = hkdf(keys.birth.frameKey, keys.birth.salt, 'holdfast v1 body', 32);
  const body = gcm(bodyKey, Buffer.alloc(12), parts.body, aad);
  const prefixed = (part: Uint8Array) => Buffer.concat([u32(part.length), part]);
  const all = [header('snapshot'), prefixed(parts.header), prefixed(references), keys.birth.record, prefixed(body)];
  return signed(Buffer.concat(all), keys);
}

export function signed(bytes: Uint8Array, by: { sign(bytes: Uint8Array): Uint8Array }): Buffer {
  return Buffer.concat([bytes, by.sign(bytes)]);
}

/** Births by ascending salt; of each the ordinals, ascending. */
export function references(births: readonly { salt: Uint8Array; ordinals: readonly number[] }[]): Buffer {
  const sorted = [...births].sort((a, b) => Buffer.compare(a.salt, b.salt));
  const parts = sorted.flatMap(({ salt, ordinals }) => [
    salt,
    u32(ordinals.length),
    ...ordinals.map((ordinal, i) => leb128(i === 0 ? ordinal : ordinal - (ordinals[i - 1] ?? 0) - 1)),
  ]);
  return Buffer.concat([u32(births.length), ...parts]);
}

function leb128(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** n × 36 bytes. */
export function chunkReferences(idKey: Uint8Array, chunks: readonly Uint8Array[]): Buffer {
  return Buffer.concat(chunks.flatMap((chunk) => [hmac(idKey, chunk), u32(chunk.length)]));
}
