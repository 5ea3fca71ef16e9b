/**
 * The attributes that spans, metrics and log records carry, with what each means: docs/telemetry.md is made from it. Sizes are
 * bytes, times seconds.
 */
export const ATTRIBUTES = {
  'error.type': 'the stable code of the failure',
  'holdfast.artifact.entries': 'files, folders and links in it',
  'holdfast.artifact.kind': '`tree` or `bytes`',
  'holdfast.artifact.name': 'its name in the snapshot; only on spans and log records',
  'holdfast.artifact.size': 'bytes of its content',
  'holdfast.artifact.unchanged': 'files that were taken over without being read',
  'holdfast.artifacts': 'how many artifacts a span stands for that stands for several',
  'holdfast.bytes.new': 'bytes of content that the repository did not have',
  'holdfast.bytes.stored': 'what they became: compressed and encrypted',
  'holdfast.chunk.state': '`new` or `reused`',
  'holdfast.chunks': 'chunks that were named',
  'holdfast.chunks.new': 'those that the repository did not have',
  'holdfast.failure.hint': 'what can be done next',
  'holdfast.failure.origin': 'where it came from: `source`, `repository`, `target`, `policy`, `key` or `agent`',
  'holdfast.failure.permanent': 'whether trying the same again cannot help',
  'holdfast.frames': 'sealed units that the new chunks were gathered in',
  'holdfast.job.name': 'the job, as the policy names it',
  'holdfast.log.fields': 'what a plugin added to its message, as JSON',
  'holdfast.object.key': 'the object of the repository that is damaged or missing',
  'holdfast.outcome':
    '`ok`, `incomplete`, `failed`, `cancelled`; of a restore also `planned`, of a verify `damaged`; of an artifact `stored` or `failed`',
  'holdfast.restore.bytes': 'bytes that were written or handed out',
  'holdfast.restore.verdict': 'how the restore ended, as `holdfast.outcome`',
  'holdfast.run.skipped': 'how many things could not be read',
  'holdfast.run.targets_left_out': 'how many of the targets did not get the snapshot',
  'holdfast.run.verdict': 'how the run ended, as `holdfast.outcome`',
  'holdfast.skipped.what': 'what could not be read',
  'holdfast.snapshot.id': 'the snapshot that was made or read',
  'holdfast.snapshot.size': 'bytes of the snapshot itself, without what it refers to',
  'holdfast.source.name': 'the source, as the policy names it',
  'holdfast.source.type': 'the plugin that reads it',
  'holdfast.stage': 'the stage of the pipeline',
  'holdfast.stage.busy': 'seconds it was busy, added up over all workers',
  'holdfast.stage.bytes_in': 'bytes that went in',
  'holdfast.stage.bytes_out': 'bytes that came out',
  'holdfast.stage.calls': 'how often it was called',
  'holdfast.stage.direction': '`in` or `out`',
  'holdfast.target.name': 'the target, as the policy names it',
  'holdfast.verify.findings': 'how many things were found damaged or missing',
  'holdfast.verify.level': '`list`, `checksum`, `decrypt` or `restore`',
  'holdfast.verify.verdict': 'how the check ended, as `holdfast.outcome`',
} as const satisfies Readonly<Record<string, string>>;

export type AttributeName = keyof typeof ATTRIBUTES;
