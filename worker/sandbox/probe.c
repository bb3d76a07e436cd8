/* Runs inside a box and tries to break each wall; probe.py starts it, sets the bait and judges.
 *
 *   probe walls HOST_FILE TCP_PORT UNIX_PATH ABSTRACT_NAME SOCKET_FD     one line a wall: NAME, "holds" or "broken", detail
 *   probe memory | processes | flood | sleep                            must be ended by the limit of that name
 *
 * Limits: tries one or a few ways through each wall; tests/worker/sandbox/hostile holds many more.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *wall, int broken, const char *detail) {
    printf("%s\t%s\t%s\n", wall, broken ? "broken" : "holds", detail);
}

static int can_open(const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

static void any_opens(const char *wall, const char *const *paths, int flags, const char *good) {
    for (; *paths; paths++)
        if (can_open(*paths, flags)) { say(wall, 1, *paths); return; }
    say(wall, 0, good);
}

static void host_files(const char *bait) {
    const char *const paths[] = {bait, "/etc/shadow", "/root", "/home", "/var", "/proc/1/root/etc/shadow", NULL};
    any_opens("host files", paths, O_RDONLY, "none can be read");
}

static void writing(void) {
    const char *const paths[] = {"/probe", "/usr/probe", "/etc/probe", "/dev/probe", "/sys/probe", NULL};
    const char *const files[] = {"/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/etc/passwd", NULL};
    any_opens("writing outside", paths, O_WRONLY | O_CREAT, "only /box, /tmp and /dev/shm can be written");
    any_opens("kernel settings", files, O_WRONLY, "none can be written");
}

static void secrets(void) {
    const char *const files[] = {"/proc/cmdline", "/proc/kallsyms", "/proc/keys", "/proc/kcore", NULL};
    const char *const init[] = {"/proc/1/environ", "/proc/1/mem", "/proc/1/maps", NULL};
    any_opens("secrets in /proc", files, O_RDONLY, "masked");
    any_opens("pid 1", init, O_RDONLY, "cannot be looked into");
}

static int connects(int family, const void *address, socklen_t size) {
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int done = fd >= 0 && connect(fd, address, size) == 0;
    if (fd >= 0) close(fd);
    return done;
}

static int connects_local(const char *name, int abstract) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    if (length + 2 > sizeof to.sun_path) return 0;
    memcpy(to.sun_path + abstract, name, length);
    return connects(AF_UNIX, &to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)abstract + length + !abstract));
}

static void network(const char *port, const char *path, const char *name) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    say("host loopback", connects(AF_INET, &to, sizeof to), "TCP to a listener of the host");
    say("host unix sockets", connects_local(path, 0) || connects_local(name, 1), "a path and an abstract name");
}

static void processes(void) {
    int count = 0;
    char detail[64];
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && (entry = readdir(proc));) count += entry->d_name[0] > '0' && entry->d_name[0] <= '9';
    if (proc) closedir(proc);
    snprintf(detail, sizeof detail, "%d in sight: pid 1 and this one", count);
    say("host processes", count != 2, detail);
}

static void refused(const char *wall, long result, int wanted) {
    say(wall, result != -1 || errno != wanted, result == -1 ? strerror(errno) : "it succeeded");
}

static void kernel(void) {
    union bpf_attr attributes = {0};
    refused("user namespaces", unshare(CLONE_NEWUSER), EPERM);
    refused("clone into namespaces", syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0), EPERM);
    refused("clone3", syscall(SYS_clone3, NULL, 0), ENOSYS);
    refused("mount", mount("none", "/tmp", "tmpfs", 0, NULL), EPERM);
    refused("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL), EPERM);
    refused("bpf", syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes), EPERM);
    refused("keys", syscall(SYS_keyctl, 0, -3, 0), EPERM);
    refused("io_uring", syscall(SYS_io_uring_setup, 1, NULL), ENOSYS);
    refused("packet sockets", socket(AF_PACKET, SOCK_RAW, 0), EPERM);
}

static int status_is(const char *text, const char *line) { return strstr(text, line) != NULL; }

static void privileges(void) {
    char text[8192] = "";
    int fd = open("/proc/self/status", O_RDONLY);
    if (fd >= 0) { (void)!read(fd, text, sizeof text - 1); close(fd); }
    say("privileges", !(getuid() && status_is(text, "NoNewPrivs:\t1") && status_is(text, "CapEff:\t0000000000000000") &&
                        status_is(text, "CapBnd:\t0000000000000000")), "no root, no capability, none to be had");
    say("system call filter", !status_is(text, "Seccomp:\t2"), "loaded");
}

static void descriptors(int allowed) {
    char detail[64] = "only the standard three";
    int broken = 0;
    for (int fd = 3; fd < 1024; fd++)
        if (fd != allowed && fcntl(fd, F_GETFD) != -1) { snprintf(detail, sizeof detail, "%d is open", fd); broken = 1; }
    say("inherited descriptors", broken, detail);
}

static void environment(void) {
    for (char **entry = environ; *entry; entry++)
        if (strncmp(*entry, "PATH=", 5) && strncmp(*entry, "HOME=", 5) && strncmp(*entry, "TMPDIR=", 7) && strncmp(*entry, "LANG=", 5)) {
            say("environment", 1, *entry);
            return;
        }
    say("environment", 0, "minimal");
}

/* The kernel tells the receiver on the host which user sent this, whatever the box believes. */
static void show_user(int fd) { (void)!write(fd, "u", 1); }

static int walls(char **argument) {
    int socket_fd = atoi(argument[4]);
    show_user(socket_fd);
    host_files(argument[0]);
    writing();
    secrets();
    network(argument[1], argument[2], argument[3]);
    processes();
    kernel();
    privileges();
    descriptors(socket_fd);
    environment();
    return 0;
}

static void take_memory(size_t size) {
    volatile char *block = malloc(size);
    for (size_t i = 0; block && i < size; i += 4096) block[i] = 1;
    pause();
}

static int over(const char *limit) {
    if (!strcmp(limit, "memory"))
        for (int i = 0; i < 8; i++) if (fork() == 0) take_memory(24u << 20);
    if (!strcmp(limit, "processes"))
        for (int i = 0; i < 64; i++) if (fork() == 0) pause();
    if (!strcmp(limit, "flood"))
        for (;;) (void)!write(1, "flood\n", 6);
    pause();
    return 0;
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 7 && !strcmp(argv[1], "walls")) return walls(argv + 2);
    return argc == 2 ? over(argv[1]) : 2;
}
