import { domain, domainSecret, joinKeys, other, repository, writer, writerSigner } from './domain-keys.ts';
import { person, signature } from './openpgp.ts';
import { cbor, changed, fixed, header, hpke, latin1, object, sha256, u32 } from './reference-writer.ts';
import { family } from './refused.ts';
import { hex, type Vector, type VectorFile } from './vector.ts';

export interface ApprovalParts {
  /** Who signs: a name in openpgp-keys.json. */
  readonly by?: string;
  /** Who is said to. */
  readonly as?: string;
  readonly changes?: object;
}

/** The secret of the domain, for the writer. */
export async function sealedDomain(o: { repository?: Uint8Array; domain?: Uint8Array; writer?: Uint8Array } = {}) {
  const context = Buffer.concat([o.repository ?? repository, o.domain ?? domain, o.writer ?? writer]);
  const { enc, sealed } = await hpke(
    `join ${hex(context)}`,
    (await joinKeys()).pair.publicKey,
    'holdfast v1 join',
    context,
    domainSecret,
  );
  return { id: hex(domain), name: 'shared', sealed: Buffer.concat([enc, sealed]) };
}

async function approvalFields({ by = 'recovery', as = by, changes = {} }: ApprovalParts) {
  return {
    repository: hex(repository),
    writer: hex(writer),
    host: 'host-1',
    publicKey: writerSigner.publicKey as Uint8Array,
    joinKey: (await joinKeys()).publicKey as Uint8Array,
    domains: [] as readonly { id: string; name: string; sealed: Uint8Array }[],
    approver: (await person(as)).fingerprint,
    created: '2026-01-02T03:04:05.006Z',
    ...changes,
  };
}

const statementOf = (record: Uint8Array, type: 'approval' | 'writer' = 'approval') =>
  Buffer.concat([header(type), u32(record.length), record]);

const keyOf = (bytes: Uint8Array) => `keys/approvals/${hex(writer)}/${hex(sha256(bytes))}`;

/** An approval of the one writer, and where it lies. */
export async function approval(o: ApprovalParts = {}): Promise<{ key: string; bytes: Buffer }> {
  const statement = statementOf(cbor(await approvalFields(o)));
  const bytes = Buffer.concat([statement, await signature(statement, o.by ?? 'recovery')]);
  return { key: keyOf(bytes), bytes };
}

export async function approvalVectors(): Promise<VectorFile<Vector>> {
  const { ok, bad } = family({
    keys: { joinPrivateKey: hex((await joinKeys()).privateKey) },
    with: { approvers: ['recovery', 'escrow'] },
  });
  const { bytes } = await approval();
  const granted = await sealedDomain();
  const inWords = async (o: ApprovalParts, secrets: readonly (string | null)[] = []) => {
    const { domains, publicKey, joinKey, ...fields } = await approvalFields(o);
    const each = domains.map(({ id, name, sealed }, i) => ({ id, name, sealed: hex(sealed), secret: secrets[i] }));
    return { ...fields, publicKey: hex(publicKey), joinKey: hex(joinKey), domains: each };
  };
  const good = async (name: string, o: ApprovalParts, secrets?: readonly (string | null)[]) => {
    const made = await approval(o);
    return ok(name, made.bytes, await inWords(o, secrets), { key: made.key });
  };
  const refusedOf = async (name: string, code: string, o: ApprovalParts) => {
    const made = await approval(o);
    return bad(name, code, made.bytes, { key: made.key });
  };
  /** The same with other bytes, under its hash. */
  const named = (name: string, code: string, of: Uint8Array) => bad(name, code, of, { key: keyOf(of) });
  const malformed: Readonly<Record<string, object>> = {
    'a field too many': { later: 1 },
    'a public key of 31 bytes': { publicKey: writerSigner.publicKey.subarray(1) },
    'a join key of 31 bytes': { joinKey: fixed('short', 31) },
    'a host that is no text': { host: 1 },
    'an approver that is no fingerprint': { approver: 'recovery' },
    'a time without its milliseconds': { created: '2026-01-02T03:04:05Z' },
    'domains that are no list': { domains: granted },
    'a domain with a field too many': { domains: [{ ...granted, later: 1 }] },
    'a sealed secret of 79 bytes': { domains: [{ ...granted, sealed: granted.sealed.subarray(1) }] },
    'the approval of another writer': { writer: hex(other.writer) },
  };
  const statement = bytes.subarray(0, 12 + bytes.readUInt32LE(8));
  const ofText = Buffer.concat([statement, await signature(statement, 'recovery', { text: true })]);
  return {
    about:
      'Approvals. with.approvers: names in openpgp-keys.json of those whom the reader heeds. keys.joinPrivateKey: that of the ' +
      'writer. holds: the fields of the record, bytes as hex; secret: what the join key opens, null when it does not.',
    vectors: [
      await good('an approval without a domain', {}),
      await good('by another approver', { by: 'escrow' }),
      await good('with the secret of a domain', { changes: { domains: [granted] } }, [hex(domainSecret)]),
      await good(
        'with secrets that were sealed for something else',
        {
          changes: {
            domains: [
              await sealedDomain({ repository: other.repository }),
              await sealedDomain({ domain: other.domain }),
              await sealedDomain({ writer: other.writer }),
            ],
          },
        },
        [null, null, null],
      ),
      ...(await Promise.all(
        Object.entries(malformed).map(([name, changes]) => refusedOf(name, 'OBJECT_DAMAGED', { changes })),
      )),
      bad('a name that is not its hash', 'OBJECT_DAMAGED', bytes, { key: keyOf(latin1('other')) }),
      named('the type of a writer', 'OBJECT_DAMAGED', changed(bytes, 4, Buffer.of(7))),
      named('a record longer than the object', 'OBJECT_DAMAGED', changed(bytes, 8, u32(2 ** 31))),
      named('a record that is cut short', 'OBJECT_DAMAGED', changed(bytes, 8, u32(statement.length - 13))),
      named('nothing but a header', 'OBJECT_DAMAGED', object('approval', Buffer.alloc(0))),
      named('format version 2', 'FORMAT_NEWER', changed(bytes, 5, Buffer.of(2))),
      await refusedOf('an approver whom the reader does not heed', 'WRITER_UNAPPROVED', { by: 'stranger' }),
      await refusedOf('signed by another than it says', 'SIGNATURE_INVALID', { by: 'stranger', as: 'recovery' }),
      named('another host, not signed again', 'SIGNATURE_INVALID', changed(bytes, bytes.indexOf('host-1') + 5)),
      named('a bit of the signature', 'SIGNATURE_INVALID', changed(bytes, -1)),
      named('without a signature', 'SIGNATURE_INVALID', statement),
      named('signed twice', 'SIGNATURE_INVALID', Buffer.concat([bytes, bytes.subarray(statement.length)])),
      named('a signature of text', 'SIGNATURE_INVALID', ofText),
    ],
  };
}
