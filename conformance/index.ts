/**
 * What the author of a plugin imports from `holdfast/conformance`: the suites that a plugin must pass, what runs them, and
 * the few things that help to write a harness.
 */
export { type LentHost, lendHost } from './kit/host.ts';
export { MemorySink } from './kit/memory-sink.ts';
export { MemorySnapshot, type StoredPart, type StoredTreeEntry } from './kit/memory-snapshot.ts';
export { collect, noise, prose, sha256 } from './kit/samples.ts';
export { type ConformanceCheck, notOffered, runSuite, type Suite } from './kit/suite.ts';
export { conformanceTests } from './kit/tests.ts';
export { type CheckedSystem, type CheckHarness, checkSuite } from './suites/check.ts';
export { type ChunkerHarness, chunkerSuite } from './suites/chunker.ts';
export { type CodecHarness, codecSuite } from './suites/codec.ts';
export { type Inbox, type NotifierHarness, notifierSuite } from './suites/notifier.ts';
export { type RestorePlace, type SampleSystem, type SourceHarness, sourceSuite } from './suites/source.ts';
export { type Place, type TargetHarness, targetSuite } from './suites/target.ts';
