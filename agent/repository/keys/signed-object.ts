import { fail } from '../../contract/index.ts';
import { damaged } from '../damage.ts';
import { decode, encode, type Value } from '../encoding.ts';
import { checkHeader, HEADER_BYTES, type ObjectType, objectHeader } from '../object.ts';
import { RecordReader } from './record.ts';
import { SIGNATURE_BYTES, type Signer, verifySignature } from './signing.ts';

/** header (8) ‖ CBOR ‖ Ed25519 signature (64) over everything before it; the header keeps one type from passing for another. */
export function signObject(type: ObjectType, value: Value, signer: Signer): Uint8Array {
  const signed = Buffer.concat([objectHeader(type), encode(value)]);
  return new Uint8Array(Buffer.concat([signed, signer.sign(signed)]));
}

/** An object whose signature was not checked yet: its fields say who claims to have signed it. */
export interface UncheckedObject {
  readonly record: RecordReader;
  /** Throws SIGNATURE_INVALID. Nothing of `record` may be used before. */
  check(publicKey: Uint8Array): void;
  /** Throws OBJECT_DAMAGED. */
  refuse(reason: string): never;
}

/** Throws what `checkHeader` throws, and OBJECT_DAMAGED for what is short or not canonical CBOR. `key` names the object. */
export function openObject(bytes: Uint8Array, type: ObjectType, key: string): UncheckedObject {
  checkHeader(bytes, type, key);
  const end = bytes.length - SIGNATURE_BYTES;
  const refuse = (reason: string) => damaged('OBJECT_DAMAGED', `${key} is damaged: ${reason}.`);
  if (end < HEADER_BYTES) return refuse('it is too short');
  return {
    record: new RecordReader(decode(bytes.subarray(HEADER_BYTES, end), refuse), refuse),
    check: (publicKey) => {
      if (!verifySignature(publicKey, bytes.subarray(0, end), bytes.subarray(end))) invalidSignature(key);
    },
    refuse,
  };
}

function invalidSignature(key: string): never {
  fail({
    code: 'SIGNATURE_INVALID',
    message: `The signature of ${key} is not that of the writer it names.`,
    origin: 'repository',
    permanent: true,
    hint: 'The object was changed or forged after it was written. Compare with another copy of the repository.',
  });
}
