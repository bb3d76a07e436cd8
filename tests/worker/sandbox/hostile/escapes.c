/* Each tries one way out or one way to a secret, and prints ESCAPED when it worked. Exit code 0: it was stopped. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#define IS(name) (!strcmp(what, name))

static int opens(const char *path, int flags) { return open(path, flags, 0600) >= 0; }

static int connects(int family, int type, const void *to, socklen_t size) {
    int fd = socket(family, type, 0);
    return fd >= 0 && connect(fd, to, size) == 0 && (type == SOCK_STREAM || send(fd, "x", 1, 0) == 1);
}

static int internet(int type, const char *host, const char *port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    inet_pton(AF_INET, host, &to.sin_addr);
    return connects(AF_INET, type, &to, sizeof to);
}

static int local(const char *name, int abstract) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strncpy(to.sun_path + abstract, name, sizeof to.sun_path - 2);
    return connects(AF_UNIX, SOCK_STREAM, &to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)abstract + strlen(name)));
}

static int overwrites_pid_1(void) {
    kill(1, SIGKILL);
    kill(1, SIGTERM);
    kill(-1, SIGCONT);
    return opens("/proc/1/mem", O_RDWR) || opens("/proc/1/fd/4", O_RDWR);
}

static int types_into_the_terminal(void) {
    int fd = open("/dev/tty", O_RDWR);
    return ioctl(fd >= 0 ? fd : 0, TIOCSTI, "x") == 0;
}

static long calls_32_bit(void) {
    long answer;
    __asm__ volatile("int $0x80" : "=a"(answer) : "a"(20) : "memory"); /* getpid */
    return answer;
}

static int tries(const char *what, char **argv) {
    if (IS("read")) return opens(argv[2], O_RDONLY);
    if (IS("write")) return opens(argv[2], O_WRONLY | O_CREAT);
    if (IS("tcp")) return internet(SOCK_STREAM, argv[2], argv[3]);
    if (IS("udp")) return internet(SOCK_DGRAM, argv[2], argv[3]);
    if (IS("unix")) return local(argv[2], 0);
    if (IS("abstract")) return local(argv[2], 1);
    if (IS("pid 1")) return overwrites_pid_1();
    if (IS("terminal")) return types_into_the_terminal();
    if (IS("ptrace")) return ptrace(PTRACE_ATTACH, 1, NULL, NULL) == 0 || ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
    if (IS("mount")) return mount("/usr", "/tmp", NULL, MS_BIND, NULL) == 0 || umount2("/proc", MNT_DETACH) == 0;
    if (IS("remount")) return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL) == 0;
    if (IS("unshare")) return unshare(CLONE_NEWUSER) == 0 || unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWNET) == 0;
    if (IS("setns")) return setns(open("/proc/1/ns/user", O_RDONLY), 0) == 0;
    if (IS("chroot")) return chroot("/tmp") == 0;
    if (IS("device")) return mknod("/tmp/disk", S_IFBLK | 0600, makedev(254, 0)) == 0;
    if (IS("keys")) return syscall(SYS_keyctl, 0, -3, 0) >= 0 || syscall(SYS_add_key, "user", "a", "b", 1, -3) >= 0;
    if (IS("bpf")) return syscall(SYS_bpf, 0, NULL, 0) >= 0 || errno != EPERM;
    if (IS("perf")) return syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0) >= 0 || errno != EPERM;
    if (IS("io_uring")) return syscall(SYS_io_uring_setup, 1, NULL) >= 0 || errno != ENOSYS;
    if (IS("userfaultfd")) return syscall(SYS_userfaultfd, 0) >= 0;
    if (IS("handles")) return syscall(SYS_open_by_handle_at, 3, NULL, 0) >= 0 || errno != EPERM;
    if (IS("root")) return setuid(0) == 0 || seteuid(0) == 0;
    if (IS("x32")) return syscall(0x40000000 | SYS_getpid) > 0;
    if (IS("32 bit")) return calls_32_bit() > 0;
    fprintf(stderr, "no such attempt: %s\n", what);
    exit(99);
}

int main(int argc, char **argv) {
    if (argc < 2) return 99;
    if (tries(argv[1], argv)) { puts("ESCAPED"); return 1; }
    return 0;
}
