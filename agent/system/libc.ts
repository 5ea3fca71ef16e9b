import { arch, endianness, platform } from 'node:os';
import { builtinModule } from './builtin-module.ts';
import { PATH_MAX, reachPath } from './long-path.ts';
import { errnoName, SystemCallError } from './system-call-error.ts';
import type { RawName } from './xattr-name.ts';

/**
 * Where the constants and the sizes of types below hold: Linux with 64-bit `long` and the generic numbers of ioctl(2), from
 * <asm-generic/ioctl.h>. Others do without.
 */
const KNOWN = ['x64', 'arm64', 'riscv64', 'loong64', 's390x'];

/**
 * Return values are declared as 32 bits wherever what they say fits: a wider one becomes a BigInt, for which V8 allocates between the
 * call and the reading of errno.
 */
const SIGNATURES = {
  __errno_location: { arguments: [], return: 'pointer' },
  open: { arguments: ['buffer', 'i32', 'u32'], return: 'i32' },
  close: { arguments: ['i32'], return: 'i32' },
  llistxattr: { arguments: ['buffer', 'buffer', 'u64'], return: 'i32' },
  flistxattr: { arguments: ['i32', 'buffer', 'u64'], return: 'i32' },
  lgetxattr: { arguments: ['buffer', 'buffer', 'buffer', 'u64'], return: 'i32' },
  fgetxattr: { arguments: ['i32', 'buffer', 'buffer', 'u64'], return: 'i32' },
  lsetxattr: { arguments: ['buffer', 'buffer', 'buffer', 'u64', 'i32'], return: 'i32' },
  fsetxattr: { arguments: ['i32', 'buffer', 'buffer', 'u64', 'i32'], return: 'i32' },
  lremovexattr: { arguments: ['buffer', 'buffer'], return: 'i32' },
  fremovexattr: { arguments: ['i32', 'buffer'], return: 'i32' },
  ioctl: { arguments: ['i32', 'u64', 'buffer'], return: 'i32' },
  lseek: { arguments: ['i32', 'i64', 'i32'], return: 'i64' },
  utimensat: { arguments: ['i32', 'buffer', 'buffer', 'i32'], return: 'i32' },
  futimens: { arguments: ['i32', 'buffer'], return: 'i32' },
  mknod: { arguments: ['buffer', 'u32', 'u64'], return: 'i32' },
} as const;

type Ffi = typeof import('node:ffi');
type Functions = ReturnType<typeof bind>;
const bind = (ffi: Ffi) => ffi.dlopen(null, SIGNATURES).functions;

// <asm-generic/fcntl.h>, <linux/fs.h>, <linux/xattr.h>, stat(2)
const NAME_MAX = 255;
const XATTR_MAX = 65_536;
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const O_RDONLY_QUIETLY = 0o4000 | 0o400 | 0o400000 | 0o2000000; // NONBLOCK, NOCTTY, NOFOLLOW, CLOEXEC
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const FS_IOC_GETFLAGS = 0x8008_6601n;
const FS_IOC_SETFLAGS = 0x4008_6602n;
const S_IFMT = { fifo: 0o010000, char: 0o020000, block: 0o060000 } as const;

/** A file, by an open descriptor, or by its path, of any length: what a symbolic link points to is then not meant, but the link. */
export type Inode = number | Uint8Array;

const CONFIRMATIONS = 8;

/** Of this thread. */
let opened: { readonly libc: Libc | undefined } | undefined;

/**
 * The calls of the C library that Node has no function for, bound by `node:ffi`. Every pointer that is handed over is a buffer of
 * this object, and every length is its own; nothing that comes back is used as an address. All calls are synchronous and fail with
 * a {@link SystemCallError}. One for each thread.
 */
export class Libc {
  readonly #f: Functions;
  readonly #errno: () => number;
  readonly #path = Buffer.alloc(PATH_MAX);
  readonly #name = Buffer.alloc(NAME_MAX + 1);
  readonly #value = Buffer.alloc(XATTR_MAX);
  readonly #number = new Int32Array(2);
  readonly #times = new BigInt64Array(4);

  private constructor(ffi: Ffi) {
    this.#f = bind(ffi);
    const place = this.#f.__errno_location();
    this.#errno = () => ffi.getInt32(place);
  }

  /** Undefined where there is no `node:ffi`, where it may not be used (`--permission`), or where the constants are others. */
  static open(): Libc | undefined {
    opened ??= { libc: Libc.#open() };
    return opened.libc;
  }

  static #open(): Libc | undefined {
    if (platform() !== 'linux' || !KNOWN.includes(arch()) || (endianness() === 'BE') !== (arch() === 's390x')) return;
    const ffi = builtinModule('node:ffi', 'FFI');
    if (ffi === undefined) return undefined;
    try {
      return new Libc(ffi);
    } catch {
      return undefined; // without one of these functions, or the permission, all is done the other way
    }
  }

  /** The names of the extended attributes. */
  xattrNames(inode: Inode): RawName[] {
    const { llistxattr, flistxattr } = this.#f;
    const length =
      typeof inode === 'number'
        ? this.#call('flistxattr', () => flistxattr(inode, this.#value, BigInt(XATTR_MAX)))
        : this.#onPath('llistxattr', inode, (path) => llistxattr(path, this.#value, BigInt(XATTR_MAX)));
    return length === 0 ? [] : this.#value.toString('latin1', 0, length - 1).split('\0');
  }

  /** The value of one of them; undefined when it has none of this name. */
  xattr(inode: Inode, name: RawName): Uint8Array | undefined {
    const { lgetxattr, fgetxattr } = this.#f;
    const named = this.#named(name);
    try {
      const length =
        typeof inode === 'number'
          ? this.#call('fgetxattr', () => fgetxattr(inode, named, this.#value, BigInt(XATTR_MAX)))
          : this.#onPath('lgetxattr', inode, (path) => lgetxattr(path, named, this.#value, BigInt(XATTR_MAX)));
      return new Uint8Array(this.#value.subarray(0, length));
    } catch (error) {
      if (error instanceof SystemCallError && error.code === 'ENODATA') return undefined;
      throw error;
    }
  }

  setXattr(inode: Inode, name: RawName, value: Uint8Array): void {
    const { lsetxattr, fsetxattr } = this.#f;
    const named = this.#named(name);
    if (value.length > XATTR_MAX) throw new SystemCallError('setxattr', 'E2BIG');
    this.#value.set(value);
    const length = BigInt(value.length);
    if (typeof inode === 'number') this.#call('fsetxattr', () => fsetxattr(inode, named, this.#value, length, 0));
    else this.#onPath('lsetxattr', inode, (path) => lsetxattr(path, named, this.#value, length, 0));
  }

  removeXattr(inode: Inode, name: RawName): void {
    const { lremovexattr, fremovexattr } = this.#f;
    const named = this.#named(name);
    if (typeof inode === 'number') this.#call('fremovexattr', () => fremovexattr(inode, named));
    else this.#onPath('lremovexattr', inode, (path) => lremovexattr(path, named));
  }

  /** Opens for reading, without waiting for anybody and without following a link. To be closed by `close`. */
  open(path: Uint8Array): number {
    return this.#onPath('open', path, (at) => this.#f.open(at, O_RDONLY_QUIETLY, 0));
  }

  close(descriptor: number): void {
    this.#f.close(descriptor);
  }

  /** The inode's flags, as the file system has them; undefined where it has none. */
  inodeFlags(descriptor: number): number | undefined {
    try {
      this.#call('ioctl', () => this.#f.ioctl(descriptor, FS_IOC_GETFLAGS, this.#number));
      return (this.#number[0] ?? 0) >>> 0;
    } catch (error) {
      if (error instanceof SystemCallError && NO_FLAGS.has(error.code)) return undefined;
      throw error;
    }
  }

  setInodeFlags(descriptor: number, flags: number): void {
    this.#number[0] = flags;
    this.#call('ioctl', () => this.#f.ioctl(descriptor, FS_IOC_SETFLAGS, this.#number));
  }

  /** Where the next data begins, at or after `from`; undefined when only a hole is left. */
  nextData(descriptor: number, from: number): number | undefined {
    try {
      return this.#seek(descriptor, from, SEEK_DATA);
    } catch (error) {
      if (error instanceof SystemCallError && error.code === 'ENXIO') return undefined;
      throw error;
    }
  }

  /** Where the next hole begins, at or after `from`; the end of the file counts as one. */
  nextHole(descriptor: number, from: number): number {
    return this.#seek(descriptor, from, SEEK_HOLE);
  }

  /** Sets the time of reading and of change to `timeNs` since 1970, exactly. */
  setTimes(inode: Inode, timeNs: bigint): void {
    const rest = ((timeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
    const seconds = (timeNs - rest) / 1_000_000_000n;
    this.#times.set([seconds, rest, seconds, rest]);
    const { utimensat, futimens } = this.#f;
    if (typeof inode === 'number') this.#call('futimens', () => futimens(inode, this.#times));
    else this.#onPath('utimensat', inode, (path) => utimensat(AT_FDCWD, path, this.#times, AT_SYMLINK_NOFOLLOW));
  }

  /** Makes a FIFO or a device where nothing is. The mode is as given but for the umask. */
  makeSpecial(
    path: Uint8Array,
    type: keyof typeof S_IFMT,
    mode: number,
    device: { major: number; minor: number },
  ): void {
    const [major, minor] = [BigInt(device.major), BigInt(device.minor)];
    // As makedev(3) packs them.
    const number = (minor & 0xffn) | ((major & 0xfffn) << 8n) | ((minor & ~0xffn) << 12n) | ((major & ~0xfffn) << 32n);
    this.#onPath('mknod', path, (at) => this.#f.mknod(at, S_IFMT[type] | (mode & 0o7777), number));
  }

  #seek(descriptor: number, from: number, whence: number): number {
    return Number(this.#call('lseek', () => this.#f.lseek(descriptor, BigInt(from), whence)));
  }

  #onPath(syscall: string, path: Uint8Array, act: (path: Buffer) => number): number {
    if (path.includes(0)) throw new SystemCallError(syscall, 'EINVAL');
    if (path.length >= PATH_MAX) {
      using reached = reachPath(path);
      return this.#onPath(syscall, reached.path, act);
    }
    this.#path.set(path);
    this.#path[path.length] = 0;
    return this.#call(syscall, () => act(this.#path));
  }

  #named(name: RawName): Buffer {
    const bytes = Buffer.from(name, 'latin1');
    if (bytes.length === 0 || bytes.length > NAME_MAX || bytes.includes(0))
      throw new SystemCallError('xattr', 'ERANGE');
    this.#name.set(bytes);
    this.#name[bytes.length] = 0;
    return this.#name;
  }

  /**
   * Calls until it succeeds, or has failed twice running with the same errno. Between the end of a call and the reading of errno,
   * V8 may have been at work on this thread, and a call of its own may have left another number there: under stress that was seen once
   * in some hundred thousand failures. All that is called here may be called again after it has failed.
   */
  #call<T extends number | bigint>(syscall: string, act: () => T): T {
    let errno = 0;
    for (let attempt = 0; attempt < CONFIRMATIONS; attempt++) {
      const result = act();
      if (result >= 0) return result;
      const before = errno;
      errno = this.#errno();
      if (errno === before) break;
    }
    throw new SystemCallError(syscall, errnoName(errno));
  }
}

/** ioctl(2) answers so where a file system, or this kind of file, has no flags. */
const NO_FLAGS: ReadonlySet<string> = new Set(['ENOTTY', 'ENOTSUP', 'EINVAL', 'ENOSYS']);
