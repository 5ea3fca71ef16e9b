/*
 * Preloaded into a process (LD_PRELOAD), it writes down each system call by which the process changes something below folders, or
 * makes it durable, when it has come to its end: whatever thread or library makes it. What is written to mapped memory is not seen.
 * Compiled by the test that uses it. A call that is not known here, and would change something there, aborts the process.
 *
 * - HOLDFAST_TEST_RECORD_BELOW: the folders, absolute and by their real names, with `:` between. Looked at for each call.
 * - HOLDFAST_TEST_RECORD_TO: the file that is appended to: for each call its record and its bytes, recorded-calls.ts.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))
#define PATH_BYTES 4096

/* One call at a time: what a sync covers is then all that was recorded before it. */
static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;

struct record {
  char kind;
  uint32_t path_length, from_length, length;
  uint64_t at;
} __attribute__((packed));

static int is_recorded(const char *path) {
  const char *below = getenv("HOLDFAST_TEST_RECORD_BELOW");
  if (below == NULL || path == NULL || *path != '/') return 0;
  while (*below) {
    size_t length = strcspn(below, ":");
    if (strncmp(path, below, length) == 0 && (path[length] == '/' || path[length] == 0)) return 1;
    below += length + (below[length] == ':');
  }
  return 0;
}

/* The path of an open file; 0 when that is not recorded, or has no name any more. */
static int path_of(int file, char *path) {
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, PATH_BYTES - 1);
  if (length < 0) return 0;
  path[length] = 0;
  const char *gone = strstr(path, " (deleted)");
  return (gone == NULL || gone[10] != 0) && is_recorded(path);
}

static void put_all(int file, const void *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t more = REAL(write)(file, (const char *)bytes + done, length - done);
    if (more <= 0) abort();
    done += more;
  }
}

static void note(char kind, const char *path, const char *from, off_t at, const void *bytes, size_t length) {
  struct record record = {kind, strlen(path), strlen(from), length, at};
  int before = errno;
  int file = REAL(open64)(getenv("HOLDFAST_TEST_RECORD_TO"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) abort();
  put_all(file, &record, sizeof record);
  put_all(file, path, record.path_length);
  put_all(file, from, record.from_length);
  put_all(file, bytes, length);
  REAL(close)(file);
  errno = before;
}

#define RECORDED(is_ours, call, is_good, ...)  \
  do {                                         \
    if (!(is_ours)) return (call);             \
    pthread_mutex_lock(&one);                  \
    __typeof__(call) result = (call);          \
    if (is_good) note(__VA_ARGS__);            \
    pthread_mutex_unlock(&one);                \
    return result;                             \
  } while (0)

#define OF_PATH(kind, path, from, call) RECORDED(is_recorded(path), call, result == 0, kind, path, from, 0, "", 0)

int unlink(const char *path) { OF_PATH('u', path, "", REAL(unlink)(path)); }
int remove(const char *path) { OF_PATH('u', path, "", REAL(remove)(path)); }
int rmdir(const char *path) { OF_PATH('u', path, "", REAL(rmdir)(path)); }
int mkdir(const char *path, mode_t mode) { OF_PATH('m', path, "", REAL(mkdir)(path, mode)); }
int link(const char *from, const char *to) { OF_PATH('l', to, from, REAL(link)(from, to)); }
int rename(const char *from, const char *to) { OF_PATH('r', to, from, REAL(rename)(from, to)); }
char *mkdtemp(char *path) { RECORDED(is_recorded(path), REAL(mkdtemp)(path), result != NULL, 'm', path, "", 0, "", 0); }

static int folder_and_name(int folder, const char *name, char *path) {
  if (folder == AT_FDCWD || *name == '/') return is_recorded(name) && snprintf(path, PATH_BYTES, "%s", name) > 0;
  if (!path_of(folder, path)) return 0;
  size_t length = strlen(path);
  snprintf(path + length, PATH_BYTES - length, "/%s", name);
  return 1;
}

int unlinkat(int folder, const char *name, int flags) {
  char path[PATH_BYTES];
  RECORDED(folder_and_name(folder, name, path), REAL(unlinkat)(folder, name, flags), result == 0, 'u', path, "", 0, "", 0);
}

#define OF_FILE(file, call, is_good, kind, at, bytes, length) \
  char path[PATH_BYTES];                                      \
  RECORDED(path_of(file, path), call, is_good, kind, path, "", at, bytes, length)

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) {
  OF_FILE(file, REAL(pwrite)(file, bytes, length, at), result > 0, 'w', at, bytes, result);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) {
  OF_FILE(file, REAL(pwrite64)(file, bytes, length, at), result > 0, 'w', at, bytes, result);
}

ssize_t write(int file, const void *bytes, size_t length) {
  OF_FILE(file, REAL(write)(file, bytes, length), result > 0, 'w', lseek(file, 0, SEEK_CUR) - result, bytes, result);
}

int ftruncate(int file, off_t length) { OF_FILE(file, REAL(ftruncate)(file, length), result == 0, 't', length, "", 0); }
int ftruncate64(int file, off64_t length) { OF_FILE(file, REAL(ftruncate64)(file, length), result == 0, 't', length, "", 0); }
int fsync(int file) { OF_FILE(file, REAL(fsync)(file), result == 0, 's', 0, "", 0); }
int fdatasync(int file) { OF_FILE(file, REAL(fdatasync)(file), result == 0, 's', 0, "", 0); }

static int unknown(int is_ours) {
  if (is_ours) abort();
  return 0;
}

#define UNKNOWN_OF_FILE(file, call)   \
  char path[PATH_BYTES];              \
  unknown(path_of(file, path));       \
  return call

ssize_t writev(int file, const struct iovec *parts, int count) { UNKNOWN_OF_FILE(file, REAL(writev)(file, parts, count)); }
ssize_t pwritev(int file, const struct iovec *parts, int count, off_t at) { UNKNOWN_OF_FILE(file, REAL(pwritev)(file, parts, count, at)); }
ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t at) { UNKNOWN_OF_FILE(file, REAL(pwritev64)(file, parts, count, at)); }
int posix_fallocate(int file, off_t at, off_t length) { UNKNOWN_OF_FILE(file, REAL(posix_fallocate)(file, at, length)); }
int fallocate(int file, int mode, off_t at, off_t length) { UNKNOWN_OF_FILE(file, REAL(fallocate)(file, mode, at, length)); }
int symlink(const char *text, const char *path) { unknown(is_recorded(path)); return REAL(symlink)(text, path); }

/* Opening changes something when it makes a file, or empties one. */
static int open_recorded(const char *path, int flags, mode_t mode) {
  if (!(flags & (O_CREAT | O_TRUNC)) || !is_recorded(path)) return REAL(open64)(path, flags, mode);
  pthread_mutex_lock(&one);
  int before = errno, is_new = access(path, F_OK) != 0;
  errno = before;
  int file = REAL(open64)(path, flags, mode);
  if (file >= 0 && is_new) note('c', path, "", 0, "", 0);
  else if (file >= 0 && flags & O_TRUNC) note('t', path, "", 0, "", 0);
  pthread_mutex_unlock(&one);
  return file;
}

static mode_t mode_of(int flags, va_list rest) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; }

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_recorded(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_recorded(path, flags, mode);
}
