import assert from 'node:assert/strict';
import test from 'node:test';
import { objectVectors, readVectorFile } from '../../conformance/vectors/repository/generate.ts';
import { inWords, openReading, readRepository, sha256 } from '../../conformance/vectors/repository/reading.fixture.ts';
import { repositoryVectors } from '../../conformance/vectors/repository/repository-vectors.ts';
import { type Vector, written } from '../../conformance/vectors/repository/vector.ts';
import { domainKeys } from '../repository/keys/domain.ts';
import { refusal } from '../repository/refusal.ts';
import type { FrameToOpen } from '../workers/messages.ts';

async function readFrame(vector: Vector): Promise<string[]> {
  const hexOf = (name: string) => Buffer.from(vector.keys?.[name] ?? '', 'hex');
  const described = vector.with as unknown as {
    readonly salt: string;
    readonly ordinal: number;
    readonly codec: number;
    readonly plainLength: number;
    readonly chunks: readonly (readonly [id: string, length: number])[];
  };
  const domain = hexOf('domain');
  const { idKey } = domainKeys(domain.toString('hex'), 'vectors', hexOf('domainSecret'));
  const frame: FrameToOpen = {
    ...described,
    sealed: Buffer.from(vector.bytes, 'hex'),
    frameKey: hexOf('frameKey'),
    salt: Buffer.from(described.salt, 'hex'),
    ids: Buffer.from(described.chunks.map(([id]) => id).join(''), 'hex'),
    lengths: Uint32Array.from(described.chunks, ([, length]) => length),
    name: 'the frame',
  };
  let offset = 0;
  const pieces = described.chunks.map(([, length]) => {
    offset += length;
    return { frame: 0, offset: offset - length, length };
  });
  const reading = await openReading(domain, idKey);
  const reply = reading.answer({ kind: 'give', n: 0, artifact: 0, frames: [frame], pieces });
  assert.equal(reply.kind, 'give');
  return pieces.map((piece) => sha256(reply.data.subarray(piece.offset, piece.offset + piece.length)));
}

const frames = (await objectVectors())['frames.json']?.vectors ?? [];
const repositories = await repositoryVectors();

for (const vector of frames) {
  test(`frames.json: ${vector.name}: ${vector.expect}`, async () => {
    if (vector.expect === 'ok') assert.deepEqual(await readFrame(vector), vector.holds);
    else await assert.rejects(readFrame(vector), refusal(vector.expect));
  });
}

for (const vector of repositories.vectors) {
  test(`repositories.json: ${vector.name}: ${vector.expect}`, async () => {
    if (vector.expect !== 'ok') return assert.rejects(readRepository(vector), refusal(vector.expect));
    const { holds, findings, forgotten } = await readRepository(vector);
    assert.deepEqual(forgotten, vector.forgotten ?? []);
    assert.deepEqual(holds, JSON.parse(JSON.stringify(vector.holds)));
    assert.deepEqual(findings.sort(), inWords(vector.findings));
  });
}

test('repositories.json is what its generator makes', () => {
  assert.equal(sha256(Buffer.from(readVectorFile('repositories.json'))), sha256(Buffer.from(written(repositories))));
});
