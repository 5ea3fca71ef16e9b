/*
 * Preloaded into a process (LD_PRELOAD), it makes system calls fail as a disk that is failing or full does: for the real program,
 * all its threads, and whatever library makes the call. Compiled by the test that uses it.
 *
 * - HOLDFAST_TEST_CALLS_BELOW: calls on paths that contain this are counted, from 1 on.
 * - HOLDFAST_TEST_CALLS_LOG: a file that gets a line for each: `<call> <ok|failed>`.
 * - HOLDFAST_TEST_CALLS_FAIL: `<errno> <nth>`, or `<errno> <nth> on`: that call fails, or it and all that follow.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

static atomic_int count;

static void note(const char *call, const char *outcome) {
  const char *log = getenv("HOLDFAST_TEST_CALLS_LOG");
  char line[64];
  if (log == NULL) return;
  int length = snprintf(line, sizeof line, "%s %s\n", call, outcome);
  int file = REAL(open64)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0 || REAL(write)(file, line, length) != length) abort();
  close(file);
}

/* Whether this call is to fail; errno is set then, and otherwise as it was. */
static int fails(const char *call, const char *path) {
  const char *below = getenv("HOLDFAST_TEST_CALLS_BELOW"), *plan = getenv("HOLDFAST_TEST_CALLS_FAIL");
  int before = errno, number = 0, nth = 0, is_due = 0;
  char on[3] = "";
  if (below == NULL || path == NULL || strstr(path, below) == NULL) return 0;
  int now = atomic_fetch_add(&count, 1) + 1;
  if (plan != NULL && sscanf(plan, "%d %d %2s", &number, &nth, on) >= 2) is_due = *on ? now >= nth : now == nth;
  note(call, is_due ? "failed" : "ok");
  errno = is_due ? number : before;
  return is_due;
}

static int fails_on(const char *call, int file) {
  char link[32], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return fails(call, path);
}

ssize_t write(int file, const void *bytes, size_t length) { return fails_on("write", file) ? -1 : REAL(write)(file, bytes, length); }
ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) { return fails_on("write", file) ? -1 : REAL(pwrite64)(file, bytes, length, at); }
int fsync(int file) { return fails_on("fsync", file) ? -1 : REAL(fsync)(file); }
int fdatasync(int file) { return fails_on("fsync", file) ? -1 : REAL(fdatasync)(file); }
int link(const char *from, const char *to) { return fails("link", to) ? -1 : REAL(link)(from, to); }
int rename(const char *from, const char *to) { return fails("rename", to) ? -1 : REAL(rename)(from, to); }
int mkdir(const char *path, mode_t mode) { return fails("mkdir", path) ? -1 : REAL(mkdir)(path, mode); }

static mode_t mode_of(int flags, va_list rest) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; }

/* Opening counts when it makes a file. */
int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return (flags & O_CREAT) && fails("open", path) ? -1 : REAL(open64)(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return (flags & O_CREAT) && fails("open", path) ? -1 : REAL(open64)(path, flags, mode);
}
