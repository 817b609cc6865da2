/* Preloaded into a program: syncing, or writing, files below a directory fails or blocks while a control file exists.

   FSYNC_SHIM_BELOW    the directory, as /proc/self/fd shows it
   FSYNC_SHIM_CONTROL  the control file: "errno milliseconds calls"; errno 0 lets pass, calls is a sum of SYNC and WRITE;
                       a block ends with its time, or with the file
   FSYNC_SHIM_COUNTS   a file of COUNTS numbers of 64 bits, in the order of the enumeration

   A file of which a sync has failed may have lost what was written before, and the next sync says nothing of it: so it
   must never be synced again, through whichever descriptor. Files are told apart by device and inode, and because an inode
   is used again for the next file, by the inode's generation (ext4) and the time of birth as well. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { SYNCED, FAILED, AGAIN, BLOCKED, WRITES_FAILED, COUNTS };
enum { SYNC = 1, WRITE = 2 };

struct file { uint32_t major, minor; uint64_t inode; int64_t born_s; uint32_t born_ns; long generation; };

static struct file failed[1024];
static size_t failures;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *below, *control;
static uint64_t *counts;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FSYNC_SHIM_COUNTS");
    size_t size = COUNTS * sizeof *counts;
    below = getenv("FSYNC_SHIM_BELOW");
    control = getenv("FSYNC_SHIM_CONTROL");
    int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (!below || !control || fd < 0 || ftruncate(fd, size)) { below = NULL; return; }
    counts = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (counts == MAP_FAILED) below = NULL;
}

static void count(int what) { __atomic_fetch_add(&counts[what], 1, __ATOMIC_RELAXED); }

static int is_below(int fd) {
    char link[64], path[4096];
    if (!below) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    size_t most = strlen(below);
    return length >= (ssize_t)most && !strncmp(path, below, most) && (length == (ssize_t)most || path[most] == '/');
}

static int identify(int fd, struct file *file) {
    struct statx found;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME | STATX_INO | STATX_TYPE, &found) || !S_ISREG(found.stx_mode)) return 0;
    memset(file, 0, sizeof *file);
    file->major = found.stx_dev_major;
    file->minor = found.stx_dev_minor;
    file->inode = found.stx_ino;
    file->born_s = found.stx_btime.tv_sec;
    file->born_ns = found.stx_btime.tv_nsec;
    if (ioctl(fd, FS_IOC_GETVERSION, &file->generation)) file->generation = 0;
    return 1;
}

static int has_failed(const struct file *file) {
    int found = 0;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < failures && !found; i++) found = !memcmp(&failed[i], file, sizeof *file);
    pthread_mutex_unlock(&lock);
    return found;
}

static void note_failure(const struct file *file) {
    if (has_failed(file)) return;
    pthread_mutex_lock(&lock);
    if (failures < sizeof failed / sizeof *failed) failed[failures++] = *file;
    pthread_mutex_unlock(&lock);
}

static void block(long milliseconds) {
    struct timespec step = {0, 5000000};
    count(BLOCKED);
    for (long left = milliseconds; left > 0 && !access(control, F_OK); left -= 5) nanosleep(&step, NULL);
}

/* What the control file says of this kind of call on this file: an errno, or 0. Blocks where it says so. */
static int verdict(int fd, int call) {
    int error = 0, calls = 0;
    long milliseconds = 0;
    if (!below || access(control, F_OK) || !is_below(fd)) return 0;
    FILE *said = fopen(control, "re");
    if (!said) return 0;
    int read = fscanf(said, "%d %ld %d", &error, &milliseconds, &calls);
    fclose(said);
    if (read != 3 || !(calls & call)) return 0;
    if (milliseconds) block(milliseconds);
    return error;
}

static int sync_with(const char *name, int fd) {
    int before = errno;
    struct file file;
    int known = is_below(fd) && identify(fd, &file);
    if (known) count(SYNCED);
    if (known && has_failed(&file)) count(AGAIN);
    int error = verdict(fd, SYNC);
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    errno = before;
    int result = error ? (errno = error, -1) : real(fd);
    if (result && known) {
        before = errno;
        count(FAILED);
        note_failure(&file);
        errno = before;
    }
    return result;
}

int fsync(int fd) { return sync_with("fsync", fd); }
int fdatasync(int fd) { return sync_with("fdatasync", fd); }

static int refuses(int fd) {
    int before = errno, error = verdict(fd, WRITE);
    errno = error ? error : before;
    if (error) count(WRITES_FAILED);
    return error;
}

#define WRITING(name, parameters, arguments)                                        \
    ssize_t name parameters {                                                       \
        static ssize_t(*real) parameters;                                           \
        if (!real) real = (ssize_t(*) parameters)dlsym(RTLD_NEXT, #name);           \
        return refuses(fd) ? -1 : real arguments;                                   \
    }

WRITING(write, (int fd, const void *data, size_t size), (fd, data, size))
WRITING(writev, (int fd, const struct iovec *pieces, int many), (fd, pieces, many))
WRITING(pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
WRITING(pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
WRITING(pwritev, (int fd, const struct iovec *pieces, int many, off_t at), (fd, pieces, many, at))
WRITING(pwritev64, (int fd, const struct iovec *pieces, int many, off64_t at), (fd, pieces, many, at))
WRITING(pwritev2, (int fd, const struct iovec *pieces, int many, off_t at, int flags), (fd, pieces, many, at, flags))
WRITING(pwritev64v2, (int fd, const struct iovec *pieces, int many, off64_t at, int flags), (fd, pieces, many, at, flags))
