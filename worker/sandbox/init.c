/* pid 1 of a box: unpacks the request, starts the command, reaps, counts where no control group does, hands back the artifacts.
 *
 *   init REQUEST_FD RESULT_FD
 *
 * The request is a sealed memory file, the result a pipe of records (layouts: wire.py). This process is not dumpable, so the
 * command under test, although of the same user, can neither signal it, nor read its memory or environment, nor reach its
 * descriptors. Limits: Linux only; trusts the request; the command's output never passes through here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "counting.h"
#include "priority.h"

enum { MAX_KEPT = 96, FAILED = 125 };
enum hit { HIT_NONE, HIT_MEMORY, HIT_PROCESSES, HIT_FILES };
enum artifact { ARTIFACT_MISSING, ARTIFACT_SENT, ARTIFACT_TOO_LARGE, ARTIFACT_REFUSED };

static void die(const char *what) {
    dprintf(2, "codepar box: %s: %s\n", what, strerror(errno));
    _exit(FAILED);
}

/* ---- the request ---- */

struct header {
    uint64_t memory, file_bytes, artifact_bytes, inodes;
    uint32_t processes, address_space, poll_ms, files, argv, environment, artifacts, kept;
};

static const char *cursor, *request_end;

static const char *take(size_t size) {
    if ((size_t)(request_end - cursor) < size) { errno = EPROTO; die("reading the request"); }
    const char *start = cursor;
    cursor += size;
    return start;
}

static uint64_t number(void) {
    uint64_t value;
    memcpy(&value, take(sizeof value), sizeof value);
    return value;
}

static char *text(void) {
    size_t size = number();
    const char *bytes = take(size + 1);
    if (bytes[size] != '\0') { errno = EPROTO; die("reading the request"); }
    return (char *)bytes;
}

static char **texts(uint32_t count) {
    char **list = calloc(count + 1u, sizeof *list);
    if (!list) die("memory");
    for (uint32_t i = 0; i < count; i++) list[i] = text();
    return list;
}

static void write_all(int fd, const void *data, size_t size) {
    for (const char *at = data; size;) {
        ssize_t done = write(fd, at, size);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) die("writing");
        at += done;
        size -= (size_t)done;
    }
}

/* What goes out waits here for more of its kind: each write wakes the worker. */
static struct { size_t used; char bytes[1 << 16]; } waiting;

static void send_waiting(int out) {
    write_all(out, waiting.bytes, waiting.used);
    waiting.used = 0;
}

static void put(int out, const void *data, size_t size) {
    if (size > sizeof waiting.bytes - waiting.used) send_waiting(out);
    if (size > sizeof waiting.bytes) { write_all(out, data, size); return; }
    memcpy(waiting.bytes + waiting.used, data, size);
    waiting.used += size;
}

static void record(int out, uint64_t kind, uint64_t size) {
    uint64_t pair[2] = {kind, size};
    put(out, pair, sizeof pair);
}

static void make_parents(char *path) {
    for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) && errno != EEXIST) die(path);
        *slash = '/';
    }
}

static void unpack(uint32_t count) {
    while (count--) {
        uint64_t mode = number();
        char path[4096];
        const char *name = text();
        if (strlen(name) >= sizeof path) { errno = ENAMETOOLONG; die(name); }
        strcpy(path, name);
        uint64_t size = number();
        const char *data = take(size);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
        if (fd < 0 && errno == ENOENT) {
            make_parents(path);
            fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
        }
        if (fd < 0) die(name);
        write_all(fd, data, size);
        close(fd);
    }
}

/* ---- the command ---- */

static void limit(int what, rlim_t value) {
    struct rlimit now, wanted = {value, value};
    getrlimit((__rlimit_resource_t)what, &now);
    if (wanted.rlim_max > now.rlim_max) wanted.rlim_cur = wanted.rlim_max = now.rlim_max;
    if (setrlimit((__rlimit_resource_t)what, &wanted)) die("setting a limit");
}

static void set_limits(const struct header *h) {
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, h->file_bytes);
    limit(RLIMIT_NOFILE, 1024);
    limit(RLIMIT_NPROC, h->processes + 2u); /* pid 1 counts, and one more must be possible to be seen */
    limit(RLIMIT_MEMLOCK, 8u << 20);
    limit(RLIMIT_MSGQUEUE, 1u << 20);
    limit(RLIMIT_SIGPENDING, 1024);
    limit(RLIMIT_RTPRIO, 0);
    if (h->address_space) limit(RLIMIT_AS, 4 * h->memory + (4ull << 30)); /* a backstop: the poll sees who is over, this cannot */
}

static void first_victim(void) {
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;
    (void)!write(fd, "1000", 4);
    close(fd);
}

static pid_t start(const struct header *h, char **argv, char **environment, int failure_fd) {
    pid_t pid = fork();
    if (pid) return pid;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    setpriority(PRIO_PROCESS, 0, 0); /* a root worker gives pid 1 a better place than its command */
    first_victim();
    set_limits(h);
    environ = environment;
    execvpe(argv[0], argv, environment);
    int32_t error = errno;
    (void)!write(failure_fd, &error, sizeof error);
    _exit(127);
}

/* Every descriptor but the standard three closes when the command starts, except those it was promised. */
static void keep_only(const int *kept, size_t count) {
    if (syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC)) die("close_range (Linux 5.11 or later is needed)");
    for (size_t i = 0; i < count; i++)
        if (fcntl(kept[i], F_SETFD, 0)) die("an inherited descriptor");
}

/* ---- counting, for hosts without writable control groups ---- */

static uint64_t peak;

static uint64_t microseconds(struct timeval t) { return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_usec; }

static uint64_t reaped_us(void) {
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    return microseconds(used.ru_utime) + microseconds(used.ru_stime);
}

/* Told to the host when it has grown by a sixteenth: a box that is killed has no last word. */
static void note(uint64_t bytes, uint64_t cpu_us, int out) {
    static uint64_t told[2];
    if (bytes > peak) peak = bytes;
    if (peak <= told[0] + told[0] / 16 && cpu_us <= told[1] + told[1] / 16 + 10000) return;
    told[0] = peak;
    told[1] = cpu_us;
    record(out, 'P', sizeof told);
    put(out, told, sizeof told);
    send_waiting(out);
}

static enum hit exceeded(const struct header *h, int out) {
    struct usage u = measure(0);
    note(u.private_ + u.files, u.cpu_us + reaped_us(), out);
    make_nice(u.tasks ? u.tasks : 1);
    if (u.inodes > h->inodes) return HIT_FILES;
    if (u.tasks > h->processes) return HIT_PROCESSES;
    if (u.resident + u.files + u.sockets <= h->memory) return HIT_NONE;
    u = measure(1);
    uint64_t exact = u.anonymous + (u.shared > u.files ? u.shared : u.files);
    note(exact, 0, out);
    return exact + u.sockets > h->memory ? HIT_MEMORY : HIT_NONE;
}

/* ---- the end ---- */

static int reap_until(pid_t pid, int *status) {
    for (;;) {
        int now;
        pid_t got = waitpid(-1, &now, WNOHANG);
        if (got == 0) return 0;
        if (got < 0) return errno == ECHILD;
        if (got == pid) { *status = now; return 1; }
    }
}

static uint64_t clock_us(clockid_t which) {
    struct timespec t;
    clock_gettime(which, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static uint64_t now_us(void) { return clock_us(CLOCK_MONOTONIC); }

/* Waits for the command's end; counts in between. Counting many processes takes its time and may take a twentieth of all time;
 * its own time counts for that, not what a busy machine makes it wait. */
static enum hit watch(const struct header *h, int out, pid_t pid, int *status) {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    uint64_t next = now_us() + h->poll_ms * 1000u;
    for (;;) {
        if (reap_until(pid, status)) return HIT_NONE;
        if (!h->poll_ms) { sigwaitinfo(&child, NULL); continue; }
        uint64_t begun = now_us(), wait = next > begun ? next - begun : 0;
        struct timespec interval = {(time_t)(wait / 1000000u), (long)(wait % 1000000u) * 1000};
        if (sigtimedwait(&child, NULL, &interval) == SIGCHLD && now_us() < next) continue;
        begun = clock_us(CLOCK_PROCESS_CPUTIME_ID);
        enum hit hit = exceeded(h, out);
        if (hit) return hit;
        uint64_t spent = clock_us(CLOCK_PROCESS_CPUTIME_ID) - begun, pause_ = h->poll_ms * 1000u;
        next = now_us() + (pause_ > 20 * spent ? pause_ : 20 * spent);
    }
}

static void kill_all(void) {
    kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) kill(-1, SIGKILL);
}

static int open_artifact(const char *name) {
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    int fd = (int)syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof how);
    return fd < 0 && errno == ENOSYS ? open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW) : fd;
}

static void copy(int out, int fd, uint64_t size) {
    static char buffer[1 << 16];
    while (size) {
        ssize_t got = read(fd, buffer, size < sizeof buffer ? size : sizeof buffer);
        if (got <= 0) die("reading an artifact");
        put(out, buffer, (size_t)got);
        size -= (uint64_t)got;
    }
}

static uint64_t send_artifact(int out, const char *name, uint64_t room) {
    struct stat info;
    int fd = open_artifact(name);
    enum artifact state = ARTIFACT_SENT;
    if (fd < 0) state = errno == ELOOP || errno == EXDEV ? ARTIFACT_REFUSED : ARTIFACT_MISSING;
    else if (fstat(fd, &info) || !S_ISREG(info.st_mode)) state = ARTIFACT_REFUSED;
    else if ((uint64_t)info.st_size > room) state = ARTIFACT_TOO_LARGE;
    uint64_t size = state == ARTIFACT_SENT ? (uint64_t)info.st_size : 0;
    record(out, state, size);
    if (size) copy(out, fd, size);
    if (fd >= 0) close(fd);
    return size;
}

struct ending { uint64_t failure, status, hit, cpu_us, peak; };

static struct ending run(const struct header *h, int out, char **argv, char **environment) {
    struct ending end = {0};
    int pipe_[2], status = 0;
    int32_t error = 0;
    if (pipe2(pipe_, O_CLOEXEC)) die("pipe");
    pid_t pid = start(h, argv, environment, pipe_[1]);
    if (pid < 0) die("fork");
    close(pipe_[1]);
    if (read(pipe_[0], &error, sizeof error) == sizeof error) end.failure = (uint64_t)error;
    close(pipe_[0]);
    end.hit = watch(h, out, pid, &status);
    if (end.hit) status = SIGKILL;
    kill_all();
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    end.status = (uint64_t)(uint32_t)status;
    end.cpu_us = microseconds(used.ru_utime) + microseconds(used.ru_stime);
    uint64_t largest = (uint64_t)used.ru_maxrss * 1024;
    end.peak = largest > peak ? largest : peak;
    return end;
}

static void map_request(int fd) {
    struct stat info;
    if (fstat(fd, &info)) die("request");
    cursor = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (cursor == MAP_FAILED) die("request");
    request_end = cursor + info.st_size;
    close(fd);
}

static int init(int request, int out) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    if (prctl(PR_SET_DUMPABLE, 0)) die("prctl");
    map_request(request);
    struct header h;
    memcpy(&h, take(sizeof h), sizeof h);
    int kept[MAX_KEPT];
    if (h.kept > MAX_KEPT) { errno = E2BIG; die("inherited descriptors"); }
    for (uint32_t i = 0; i < h.kept; i++) kept[i] = (int)number();
    keep_only(kept, h.kept);
    char **argv = texts(h.argv), **environment = texts(h.environment), **artifacts = texts(h.artifacts);
    umask(022);
    if (chdir("/box")) die("/box");
    unpack(h.files);
    record(out, 'S', 0);
    send_waiting(out);
    struct ending end = run(&h, out, argv, environment);
    record(out, 'E', sizeof end);
    put(out, &end, sizeof end);
    uint64_t room = h.artifact_bytes;
    for (uint32_t i = 0; i < h.artifacts; i++) room -= send_artifact(out, artifacts[i], room);
    send_waiting(out);
    return 0;
}

int main(int argc, char **argv) { return argc == 3 ? init(atoi(argv[1]), atoi(argv[2])) : FAILED; }
