/* Each takes more of one thing than it was given. Few end by themselves. */
#include "hostile.h"

#include <mqueue.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define MIB (1ul << 20)

static void touch(volatile char *block, size_t size) {
    for (size_t i = 0; i < size; i += 4096) block[i] = 1;
}

static int forks(char **unused) { (void)unused; for (;;) fork(); }

static int execs(char **unused) {
    (void)unused;
    for (;;)
        if (fork() == 0) execl("/proc/self/exe", "a.out", "execs", "again", (char *)NULL);
}

static int zombies(char **unused) {
    (void)unused;
    for (;;) if (fork() == 0) _exit(0);
}

static int spinners(char **unused) {
    (void)unused;
    for (int i = 0; i < 20; i++) if (fork() == 0) break;
    for (;;) {}
}

static void *idle(void *unused) { pause(); return unused; }

static int threads(char **unused) {
    pthread_t thread;
    pthread_attr_t small;
    (void)unused;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    for (;;) pthread_create(&thread, &small, idle, NULL);
}

static void *deep_stack(void *unused) {
    char block[7 * MIB];
    touch(block, sizeof block);
    pause();
    return unused;
}

static int stacks(char **unused) {
    pthread_t thread;
    (void)unused;
    for (int i = 0; i < 24; i++) pthread_create(&thread, NULL, deep_stack, NULL);
    return (int)(intptr_t)idle(NULL);
}

static int recursion(char **depth) {
    volatile char frame[4096];
    frame[0] = (char)(uintptr_t)depth;
    return recursion(depth + 1) + frame[0];
}

static int memory(char **unused) {
    (void)unused;
    for (;;) { char *block = malloc(MIB); if (block) touch(block, MIB); }
}

static int one_block(char **unused) {
    char *block = mmap(NULL, 20ul << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    (void)unused;
    if (block == MAP_FAILED) return 1;
    touch(block, 20ul << 30);
    return 0;
}

static int many_small(char **unused) {
    for (int i = 0; i < 8; i++) if (fork() == 0) memory(unused);
    return pause();
}

static int shared(char **unused) {
    (void)unused;
    for (;;) {
        void *block = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (block != MAP_FAILED) touch(block, 16 * MIB);
    }
}

static int memory_files(char **unused) {
    (void)unused;
    for (int fd; (fd = (int)syscall(SYS_memfd_create, "bomb", 0)) >= 0;) {
        void *block = ftruncate(fd, 4 << 20) ? MAP_FAILED : mmap(NULL, 4 * MIB, PROT_WRITE, MAP_SHARED, fd, 0);
        if (block == MAP_FAILED) return 1;
        touch(block, 4 * MIB);
        munmap(block, 4 * MIB);
    }
    return 1;
}

static int page_tables(char **unused) {
    (void)unused;
    for (;;) {
        volatile char *block = mmap(NULL, 64ul << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (block == MAP_FAILED) return 1;
        madvise((void *)block, 64ul << 30, MADV_NOHUGEPAGE);
        for (size_t i = 0; i < 64ul << 30; i += 2 * MIB) (void)block[i];
    }
}

static int locked(char **unused) {
    void *block = malloc(64 * MIB);
    (void)unused;
    return got(block && mlock(block, 64 * MIB) == 0, "64 MiB locked") | got(mlockall(MCL_FUTURE) == 0 && malloc(64 * MIB), "all locked");
}

static int system_v(char **unused) {
    (void)unused;
    for (;;) {
        void *block = shmat(shmget(IPC_PRIVATE, 4 << 20, IPC_CREAT | 0600), NULL, 0);
        if (block != (void *)-1) { touch(block, 4 * MIB); shmdt(block); }
    }
}

static int messages(char **unused) {
    struct { long kind; char text[8000]; } message = {1, {0}};
    (void)unused;
    for (int id; (id = msgget(IPC_PRIVATE, IPC_CREAT | 0600)) >= 0;)
        while (msgsnd(id, &message, sizeof message.text, IPC_NOWAIT) == 0) {}
    return pause();
}

static int semaphores(char **unused) {
    (void)unused;
    while (semget(IPC_PRIVATE, 32000, IPC_CREAT | 0600) >= 0) {}
    return pause();
}

static int posix_queues(char **unused) {
    struct mq_attr size = {.mq_maxmsg = 10, .mq_msgsize = 8192};
    char name[32];
    int made = 0;
    (void)unused;
    for (; made < 500; made++) {
        snprintf(name, sizeof name, "/bomb%d", made);
        if (mq_open(name, O_CREAT | O_RDWR, 0600, &size) == (mqd_t)-1) break;
    }
    return got(made >= 100, "8 MiB of message queues");
}

static int timers(char **unused) {
    timer_t timer;
    int made = 0;
    (void)unused;
    while (made < 100000 && timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0) made++;
    return got(made >= 100000, "as many timers as it likes");
}

static void fill_descriptor(int fd) {
    static char block[1 << 16];
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (write(fd, block, sizeof block) > 0) {}
}

static int socket_memory(char **unused) {
    int pair[2], most = 1 << 24;
    (void)unused;
    for (int i = 0; i < 20; i++) if (fork() == 0) break;
    while (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0)
        for (int end = 0; end < 2; end++) {
            setsockopt(pair[end], SOL_SOCKET, SO_SNDBUF, &most, sizeof most);
            fill_descriptor(pair[end]);
        }
    return pause();
}

static int pipe_memory(char **unused) {
    int ends[2];
    (void)unused;
    for (int i = 0; i < 20; i++) if (fork() == 0) break;
    while (pipe(ends) == 0) {
        fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
        fill_descriptor(ends[1]);
    }
    return pause();
}

/* Descriptors on their way are held by the kernel alone. */
static int flying_descriptors(char **unused) {
    int pair[2], sent = 0;
    char space[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
    struct iovec one = {&byte, 1};
    struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    (void)unused;
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    while (sent++ < 20000 && socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0) {
        memcpy(CMSG_DATA(header), &pair[1], sizeof(int));
        if (sendmsg(pair[0], &message, MSG_DONTWAIT) < 0) break;
        close(pair[0]);
        close(pair[1]);
    }
    return 0;
}

static int write_until_full(const char *name) {
    static char block[MIB];
    int fd = open(name, O_CREAT | O_WRONLY, 0600);
    while (write(fd, block, sizeof block) > 0) {}
    return 0;
}

static int box_file(char **unused) { (void)unused; return write_until_full("/box/file"); }
static int tmp_file(char **unused) { (void)unused; return write_until_full("/tmp/file"); }
static int shm_file(char **unused) { (void)unused; return write_until_full("/dev/shm/file"); }

static int many_files(char **unused) {
    static char block[MIB];
    char name[64];
    (void)unused;
    for (int i = 0; i < 400; i++) {
        snprintf(name, sizeof name, "/dev/shm/%d", i);
        int fd = open(name, O_CREAT | O_WRONLY, 0600);
        if (write(fd, block, sizeof block) < 0) return 1;
        close(fd);
    }
    return 0;
}

static int sparse(char **unused) {
    int fd = open("/tmp/sparse", O_CREAT | O_RDWR, 0600);
    (void)unused;
    return got(ftruncate(fd, 1l << 40) == 0, "a file of a tebibyte");
}

static int allocated(char **unused) {
    int fd = open("/dev/shm/allocated", O_CREAT | O_RDWR, 0600);
    (void)unused;
    return got(posix_fallocate(fd, 0, 1l << 34) == 0, "a file of 16 GiB");
}

static int inodes(char **unused) {
    char name[64];
    (void)unused;
    for (unsigned long i = 0;; i++) {
        snprintf(name, sizeof name, "/tmp/%lu", i);
        int fd = open(name, O_CREAT | O_WRONLY, 0600);
        if (fd >= 0) close(fd);
    }
}

static int folders(char **unused) {
    (void)unused;
    for (;;) if (mkdir("deeper", 0700) || chdir("deeper")) return pause();
}

static int links(char **unused) {
    static char target[4000], name[64];
    (void)unused;
    memset(target, 'x', sizeof target - 1);
    for (unsigned long i = 0;; i++) {
        snprintf(name, sizeof name, "/dev/shm/%lu", i);
        if (symlink(target, name)) return 1;
    }
}

static int core(char **unused) {
    (void)unused;
    touch(malloc(32 * MIB), 32 * MIB);
    abort();
}

static const struct program PROGRAMS[] = {
    {"forks", forks}, {"execs", execs}, {"zombies", zombies}, {"spinners", spinners}, {"threads", threads}, {"stacks", stacks},
    {"recursion", recursion}, {"memory", memory}, {"one block", one_block}, {"many small", many_small}, {"shared", shared},
    {"memory files", memory_files}, {"page tables", page_tables}, {"locked", locked}, {"system v", system_v},
    {"messages", messages}, {"semaphores", semaphores}, {"posix queues", posix_queues}, {"timers", timers},
    {"socket memory", socket_memory}, {"pipe memory", pipe_memory}, {"flying descriptors", flying_descriptors},
    {"box file", box_file}, {"tmp file", tmp_file}, {"dev shm", shm_file}, {"many files", many_files}, {"sparse", sparse},
    {"allocated", allocated}, {"inodes", inodes}, {"folders", folders}, {"links", links}, {"core", core},
};

MAIN(PROGRAMS)
