/* Counts what a process changes in a folder, and stops it, or makes a call fail, at a step that was chosen.

   Preloaded before the C library (LD_PRELOAD), so that what Python and SQLite write goes through here. `faults_arm`
   begins the counting; before it everything passes. A step is one call that changes something under the folder: a
   write, a sync, a rename, an unlink, a change of length, a new file, a new folder. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* What happens at the step: nothing, the end of the process, its end after half a write, an error once, an error from
   then on, a wish that it may end, a halt until it is told to go on. */
enum { COUNT, KILL, TEAR, FAIL, FAIL_ON, TERM, STOP };

/* What is told of a call that goes on. */
enum { GO, GO_HALF, REFUSE };

static char root[PATH_MAX];
static size_t root_length;
static char only[512]; /* the steps that count, as " write sync " */
static atomic_int armed;
static atomic_long steps;
static long chosen;
static int action, error_number, log_file = -1;

void faults_arm(const char *folder, const char *which, int what, long at, int error, int log) {
    snprintf(root, sizeof root, "%s", folder);
    root_length = strlen(root);
    snprintf(only, sizeof only, " %s ", which);
    action = what, chosen = at, error_number = error, log_file = log;
    atomic_store(&steps, 0);
    atomic_store(&armed, 1);
}

static int is_inside(const char *path) {
    return strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == 0);
}

/* The path a name stands for: 0 for one that is elsewhere. */
static int find(int folder, const char *name, char *path) {
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
    } else {
        char link[64];
        snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, path, PATH_MAX - 2);
        if (length < 0) return 0;
        snprintf(path + length, PATH_MAX - length, "/%s", name);
    }
    return is_inside(path);
}

static int find_open(int file, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_inside(path);
}

static int step(const char *what, const char *path, const char *from) {
    char word[32];
    snprintf(word, sizeof word, " %s ", what);
    if (!strstr(only, word)) return GO;
    long number = atomic_fetch_add(&steps, 1) + 1;
    if (log_file >= 0) {
        char line[2 * PATH_MAX + 96];
        int length = snprintf(line, sizeof line, "%ld\t%s\t%s\t%s\n", number, what, path + root_length, from);
        syscall(SYS_write, log_file, line, length);
    }
    if (number < chosen || action == COUNT || (number > chosen && action != FAIL_ON)) return GO;
    if (action == TEAR && strcmp(what, "write") == 0) return GO_HALF;
    if (action == KILL || action == TEAR) syscall(SYS_kill, getpid(), SIGKILL);
    if (action == TERM || action == STOP) {
        syscall(SYS_kill, getpid(), action == TERM ? SIGTERM : SIGSTOP);
        return GO;
    }
    errno = error_number;
    return REFUSE;
}

static int step_open(const char *what, int file) {
    int before = errno;
    char path[PATH_MAX];
    int found = GO;
    if (atomic_load(&armed) && find_open(file, path)) found = step(what, path, "");
    if (found != REFUSE) errno = before;
    return found;
}

static int step_named(const char *what, int folder, const char *name, const char *from) {
    int before = errno;
    char path[PATH_MAX];
    int found = GO;
    if (atomic_load(&armed) && find(folder, name, path)) found = step(what, path, from);
    if (found != REFUSE) errno = before;
    return found;
}

static void end(void) { syscall(SYS_kill, getpid(), SIGKILL); }

#define REAL(type, name, ...)                                                                                          \
    static type (*real)(__VA_ARGS__);                                                                                  \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

ssize_t write(int file, const void *data, size_t bytes) {
    REAL(ssize_t, write, int, const void *, size_t);
    int found = step_open("write", file);
    if (found == REFUSE) return -1;
    if (found == GO_HALF) real(file, data, bytes / 2), end();
    return real(file, data, bytes);
}

#define PWRITE(name)                                                                                                   \
    ssize_t name(int file, const void *data, size_t bytes, off64_t place) {                                            \
        REAL(ssize_t, name, int, const void *, size_t, off64_t);                                                       \
        int found = step_open("write", file);                                                                   \
        if (found == REFUSE) return -1;                                                                                \
        if (found == GO_HALF) real(file, data, bytes / 2, place), end();                                               \
        return real(file, data, bytes, place);                                                                         \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t writev(int file, const struct iovec *parts, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int);
    int found = step_open("write", file);
    if (found == REFUSE) return -1;
    if (found == GO_HALF) real(file, parts, count / 2), end();
    return real(file, parts, count);
}

#define ON_FILE(what, name)                                                                                            \
    int name(int file) {                                                                                               \
        REAL(int, name, int);                                                                                          \
        return step_open(what, file) == REFUSE ? -1 : real(file);                                                   \
    }
ON_FILE("sync", fsync)
ON_FILE("sync", fdatasync)

#define FTRUNCATE(name)                                                                                                \
    int name(int file, off64_t length) {                                                                               \
        REAL(int, name, int, off64_t);                                                                                 \
        return step_open("truncate", file) == REFUSE ? -1 : real(file, length);                                \
    }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

#define TRUNCATE(name)                                                                                                 \
    int name(const char *path, off64_t length) {                                                                       \
        REAL(int, name, const char *, off64_t);                                                                        \
        return step_named("truncate", AT_FDCWD, path, "") == REFUSE ? -1 : real(path, length);                             \
    }
TRUNCATE(truncate)
TRUNCATE(truncate64)

int rename(const char *from, const char *to) {
    REAL(int, rename, const char *, const char *);
    return step_named("rename", AT_FDCWD, to, from) == REFUSE ? -1 : real(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    REAL(int, renameat, int, const char *, int, const char *);
    return step_named("rename", to_folder, to, from) == REFUSE ? -1 : real(from_folder, from, to_folder, to);
}

int link(const char *from, const char *to) {
    REAL(int, link, const char *, const char *);
    return step_named("create", AT_FDCWD, to, from) == REFUSE ? -1 : real(from, to);
}

int unlink(const char *path) {
    REAL(int, unlink, const char *);
    return step_named("unlink", AT_FDCWD, path, "") == REFUSE ? -1 : real(path);
}

int unlinkat(int folder, const char *path, int flags) {
    REAL(int, unlinkat, int, const char *, int);
    return step_named("unlink", folder, path, "") == REFUSE ? -1 : real(folder, path, flags);
}

int rmdir(const char *path) {
    REAL(int, rmdir, const char *);
    return step_named("unlink", AT_FDCWD, path, "") == REFUSE ? -1 : real(path);
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, mkdir, const char *, mode_t);
    return step_named("mkdir", AT_FDCWD, path, "") == REFUSE ? -1 : real(path, mode);
}

int mkdirat(int folder, const char *path, mode_t mode) {
    REAL(int, mkdirat, int, const char *, mode_t);
    return step_named("mkdir", folder, path, "") == REFUSE ? -1 : real(folder, path, mode);
}

/* "create" for a call that makes a file or empties one, "open" for one that could only go on to change it. */
static int opens(int folder, const char *path, int flags) {
    if (!atomic_load(&armed) || (flags & O_ACCMODE) == O_RDONLY) return GO;
    struct stat there;
    int before = errno;
    int is_there = fstatat(folder, path, &there, 0) == 0;
    errno = before;
    int makes = (flags & O_CREAT && !is_there) || (flags & O_TRUNC && is_there && there.st_size > 0);
    return step_named(makes ? "create" : "open", folder, path, "");
}

/* Whether a file may be written is asked, too: where nothing may, the answer has to fit. That is no step. */
static int may_not(int folder, const char *path, int mode) {
    char full[PATH_MAX];
    int before = errno;
    if (mode & W_OK && atomic_load(&armed) && action == FAIL_ON && chosen == 1 && strstr(only, " open ") &&
        find(folder, path, full)) {
        errno = error_number;
        return 1;
    }
    errno = before;
    return 0;
}

int access(const char *path, int mode) {
    REAL(int, access, const char *, int);
    return may_not(AT_FDCWD, path, mode) ? -1 : real(path, mode);
}

int faccessat(int folder, const char *path, int mode, int flags) {
    REAL(int, faccessat, int, const char *, int, int);
    return may_not(folder, path, mode) ? -1 : real(folder, path, mode, flags);
}

#define MODE                                                                                                           \
    mode_t mode = 0;                                                                                                   \
    if (flags & (O_CREAT | O_TMPFILE)) {                                                                               \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode = va_arg(more, mode_t);                                                                                   \
        va_end(more);                                                                                                  \
    }

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...) {                                                                       \
        REAL(int, name, const char *, int, ...);                                                                       \
        MODE                                                                                                           \
        return opens(AT_FDCWD, path, flags) == REFUSE ? -1 : real(path, flags, mode);                                  \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                                                   \
    int name(int folder, const char *path, int flags, ...) {                                                           \
        REAL(int, name, int, const char *, int, ...);                                                                  \
        MODE                                                                                                           \
        return opens(folder, path, flags) == REFUSE ? -1 : real(folder, path, flags, mode);                            \
    }
OPENAT(openat)
OPENAT(openat64)
