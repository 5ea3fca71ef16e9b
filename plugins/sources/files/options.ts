import { Type } from 'holdfast/plugin';
import type { Static } from 'typebox';

const pattern = Type.String({ minLength: 1 });

export const filesOptions = Type.Object(
  {
    paths: Type.Array(Type.String({ minLength: 1, format: 'path', pattern: '^[^\\u0000]+$' }), {
      minItems: 1,
      examples: [['/srv/application', '/etc/application']],
      description:
        'Folders and files to protect. One folder is the root of the tree; of several, each lies in it under its absolute path.',
    }),
    exclude: Type.Optional(
      Type.Array(pattern, {
        default: [],
        examples: [['node_modules/', '*.tmp', '/build/']],
        description:
          'Patterns of what is left out, as in a .gitignore that lies in each of the paths. Upper and lower case differ.',
      }),
    ),
    excludeFiles: Type.Optional(
      Type.Array(Type.String({ minLength: 1, pattern: '^[^/\\u0000]+$' }), {
        default: [],
        examples: [['.gitignore']],
        description: 'Names of files that hold such patterns for the folder they lie in.',
      }),
    ),
    excludeCaches: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Leaves out what lies in folders marked as caches by a CACHEDIR.TAG.',
      }),
    ),
    oneFileSystem: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Does not enter other file systems that are mounted below a path; the mount point stays as a folder.',
      }),
    ),
    xattrs: Type.Optional(
      Type.Boolean({
        default: true,
        description:
          'Keeps extended attributes, with ACLs, capabilities and security labels: all that the agent’s user may read.',
      }),
    ),
    flags: Type.Optional(
      Type.Boolean({
        default: true,
        description:
          'Keeps inode flags (chattr), such as immutable and append-only. Each file and folder is opened to read them.',
      }),
    ),
    parallel: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 64, default: 8, description: 'How many folders are looked into at once.' }),
    ),
    onMissing: Type.Optional(
      Type.Union([Type.Literal('error'), Type.Literal('skip')], {
        default: 'error',
        description: 'What becomes of the run when a path is missing: it fails, or goes on and ends incomplete.',
      }),
    ),
  },
  { additionalProperties: false },
);

export type FilesOptions = Static<typeof filesOptions>;
