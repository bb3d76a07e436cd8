/* Each knocks at one door of the kernel. Arguments are such that a door that opens does no harm. */
#include "hostile.h"

#include <linux/capability.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#define TRY(function, expression, error) \
    static int function(char **unused) { (void)unused; return fails((long)(expression), error, #expression); }
#define DOOR(function, expression) TRY(function, expression, EPERM)

enum { OPEN_TREE = 428, MOVE_MOUNT, FSOPEN, FSCONFIG, PIDFD_GETFD = 438, MOUNT_SETATTR = 442, QUOTACTL_FD, LANDLOCK, SECRET_MEMORY = 447 };

DOOR(ptrace_attach, ptrace(PTRACE_ATTACH, 1, NULL, NULL))
DOOR(ptrace_seize, ptrace(PTRACE_SEIZE, 1, NULL, NULL))
DOOR(ptrace_me, ptrace(PTRACE_TRACEME, 0, NULL, NULL))
DOOR(mount_bind, mount("/usr", "/tmp", NULL, MS_BIND, NULL))
DOOR(mount_proc, mount("proc", "/tmp", "proc", 0, NULL))
DOOR(remount, mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL))
DOOR(unmount, umount2("/proc", MNT_DETACH))
DOOR(open_tree_, syscall(OPEN_TREE, AT_FDCWD, "/", 1))
DOOR(move_mount_, syscall(MOVE_MOUNT, -1, "", -1, "", 0))
DOOR(new_filesystem, syscall(FSOPEN, "tmpfs", 0))
DOOR(mount_attributes, syscall(MOUNT_SETATTR, -1, "", 0, NULL, 0))
DOOR(pivot_root_, syscall(SYS_pivot_root, "/tmp", "/tmp"))
DOOR(chroot_, chroot("/tmp"))
DOOR(unshare_user, unshare(CLONE_NEWUSER))
DOOR(unshare_mount, unshare(CLONE_NEWNS))
DOOR(unshare_network, unshare(CLONE_NEWNET))
DOOR(unshare_processes, unshare(CLONE_NEWPID))
DOOR(clone_user, syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0))
TRY(clone3_, syscall(SYS_clone3, NULL, 0), ENOSYS)
DOOR(enter_namespace, setns(-1, CLONE_NEWNS))
DOOR(add_key_, syscall(SYS_add_key, "user", "hostile", "x", 1, -3))
DOOR(keyctl_, syscall(SYS_keyctl, 0, -3, 0))
DOOR(request_key_, syscall(SYS_request_key, "user", "hostile", NULL, -3))
DOOR(bpf_, syscall(SYS_bpf, 0, NULL, 0))
DOOR(perf, syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0))
TRY(io_uring, syscall(SYS_io_uring_setup, 1, NULL), ENOSYS)
DOOR(userfaultfd_, syscall(SYS_userfaultfd, 0))
DOOR(open_handle, syscall(SYS_open_by_handle_at, 3, NULL, 0))
DOOR(name_handle, syscall(SYS_name_to_handle_at, AT_FDCWD, "/", NULL, NULL, 0))
DOOR(fanotify, syscall(SYS_fanotify_init, 0, 0))
DOOR(local_descriptors, syscall(SYS_modify_ldt, 0, NULL, 0))
DOOR(persona, personality(READ_IMPLIES_EXEC))
DOOR(kexec, syscall(SYS_kexec_load, 0, 0, NULL, 0))
DOOR(load_module, syscall(SYS_init_module, NULL, 0, ""))
DOOR(unload_module, syscall(SYS_delete_module, "no such module", 0))
DOOR(swap, syscall(SYS_swapon, "", 0))
DOOR(accounting, syscall(SYS_acct, "/none"))
DOOR(quota, syscall(SYS_quotactl, 0, NULL, 0, NULL))
DOOR(reboot_, syscall(SYS_reboot, 0, 0, 0, NULL))
DOOR(set_clock, syscall(SYS_settimeofday, NULL, NULL))
DOOR(adjust_clock, syscall(SYS_adjtimex, NULL))
DOOR(host_name, sethostname("x", 1))
DOOR(kernel_log, syscall(SYS_syslog, 10, NULL, 0))
DOOR(ports, iopl(3))
DOOR(few_ports, ioperm(0, 8, 1))
DOOR(compare, syscall(SYS_kcmp, 1, getpid(), 0, 0, 0))
DOOR(take_descriptor, syscall(PIDFD_GETFD, -1, 0, 0))
DOOR(secret_memory, syscall(SECRET_MEMORY, 0))
DOOR(listen_filter, syscall(SYS_seccomp, 0, 0, NULL))
DOOR(capabilities, syscall(SYS_capset, NULL, NULL))
DOOR(attributes, setxattr("/tmp", "user.x", "x", 1, 0))
DOOR(groups_, syscall(SYS_setgroups, 0, NULL))
TRY(root_user, setuid(0), EINVAL) /* there is no root in the box */
TRY(root_group, setgid(0), EINVAL)
DOOR(block_device, mknod("/tmp/disk", S_IFBLK | 0600, makedev(254, 0)))
DOOR(memory_device, mknod("/tmp/mem", S_IFCHR | 0600, makedev(1, 1)))
DOOR(move_pages_, syscall(SYS_move_pages, 1, 0, NULL, NULL, NULL, 0))
DOOR(migrate_pages_, syscall(SYS_migrate_pages, 1, 0, NULL, NULL))

static int later_calls(char **unused) {
    (void)unused;
    int refused = 0;
    for (long number = 451; number < 600; number++)
        refused |= fails(syscall(number, -1, -1, -1, -1, -1, -1), ENOSYS, "a call that the filter does not know");
    return refused;
}

static int real_time(char **unused) {
    struct sched_param high = {.sched_priority = 50};
    (void)unused;
    return got(sched_setscheduler(0, SCHED_FIFO, &high) == 0, "real-time priority") |
           got(setpriority(PRIO_PROCESS, 0, -10) == 0, "a better place in the queue");
}

static int hard_limits(char **unused) {
    static const int limits[] = {RLIMIT_NPROC, RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_CORE, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE};
    int through = 0;
    (void)unused;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit now;
        getrlimit((__rlimit_resource_t)limits[i], &now);
        now.rlim_max++;
        through |= got(setrlimit((__rlimit_resource_t)limits[i], &now) == 0, "a higher limit");
    }
    return through;
}

static int spare_me(char **unused) {
    int fd = open("/proc/self/oom_score_adj", O_WRONLY);
    (void)unused;
    return got(fd >= 0 && write(fd, "-1000", 5) == 5, "never chosen when memory is out");
}

static int pid_1_memory(char **unused) {
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *)0x400000, 1};
    (void)unused;
    return got(process_vm_readv(1, &here, 1, &there, 1, 0) == 1, "memory of pid 1 read") |
           got(process_vm_writev(1, &here, 1, &there, 1, 0) == 1, "memory of pid 1 written");
}

static int pid_1_files(char **unused) {
    char name[64];
    int through = 0;
    (void)unused;
    for (int fd = 0; fd < 32; fd++) {
        snprintf(name, sizeof name, "/proc/1/fd/%d", fd);
        through |= opens(name, O_RDONLY);
    }
    return through | opens("/proc/1/mem", O_RDWR) | opens("/proc/1/root", O_RDONLY) | opens("/proc/1/cwd", O_RDONLY) |
           opens("/proc/1/exe", O_RDONLY) | opens("/proc/1/environ", O_RDONLY) | opens("/proc/1/ns/user", O_RDONLY);
}

static int writes_settings(char **unused) {
    static const char *const paths[] = {"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger",
        "/proc/sys/vm/overcommit_memory", "/proc/sys/net/ipv4/ip_forward", "/sys/kernel/uevent_helper",
        "/sys/power/state", "/proc/irq/0/smp_affinity", "/proc/acpi/wakeup", "/proc/1/oom_score_adj", "/sys/fs/cgroup/release_agent"};
    int through = 0;
    (void)unused;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) through |= opens(paths[i], O_WRONLY);
    int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY); /* anyone may open it */
    return through | got(fd >= 0 && write(fd, "300", 3) == 3, "the next process id");
}

static int maps_users(char **unused) {
    int fd = open("/proc/self/uid_map", O_WRONLY);
    (void)unused;
    return got(fd >= 0 && write(fd, "0 0 1", 5) == 5, "/proc/self/uid_map");
}

static int writes_system(char **argument) {
    static const char *const paths[] = {"/x", "/usr/x", "/usr/bin/x", "/usr/bin/env", "/etc/x", "/etc/passwd", "/dev/x", "/sys/x",
        "/lib/x", "/etc/ld.so.cache", "/var/tmp/x", "/root/x", "/home/x", "/run/x"};
    int through = opens(argument[0], O_WRONLY | O_CREAT);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) through |= opens(paths[i], O_WRONLY | O_CREAT);
    return through;
}

static int devices(char **unused) {
    static const char *const paths[] = {"/dev/mem", "/dev/kmem", "/dev/kmsg", "/dev/kvm", "/dev/fuse", "/dev/vda", "/dev/sda",
        "/dev/loop-control", "/dev/net/tun", "/dev/vhost-net", "/dev/uinput", "/dev/dri/card0", "/dev/snd/seq", "/dev/console"};
    int through = 0;
    (void)unused;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) through |= opens(paths[i], O_RDONLY);
    return through;
}

static int terminal(char **unused) {
    static const unsigned long requests[] = {TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD, TIOCSCTTY, TIOCNOTTY, FIOASYNC};
    int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY), through = 0, zero = 0;
    (void)unused;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        through |= got(ioctl(fd >= 0 ? fd : 0, requests[i], &zero) == 0, "an ioctl of the terminal");
    return through | opens("/dev/tty", O_RDWR);
}

/* Programs of /usr that run as root on the host. */
static int set_user_id(char **unused) {
    static const char *const programs[] = {"/usr/bin/su", "/usr/bin/mount", "/usr/bin/passwd", "/usr/bin/newgrp", "/usr/bin/chsh"};
    (void)unused;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        int status = 0;
        if (fork() == 0) {
            alarm(1);
            execl("/bin/sh", "sh", "-c", "exec \"$0\" -c 'cat /etc/shadow' </dev/null >/dev/null 2>&1", programs[i], (char *)NULL);
            _exit(127);
        }
        if (wait(&status) > 0 && got(status == 0, programs[i])) return 1;
    }
    return 0;
}

static int makes_set_user_id(char **unused) {
    (void)unused;
    if (system("cp /usr/bin/id /tmp/id && chmod 6755 /tmp/id")) return 2;
    return got(system("test \"$(/tmp/id -u)\" = 0") == 0, "a program of root's own making");
}

static int x32(char **unused) { (void)unused; return got(syscall(0x40000000 | SYS_getpid) > 0, "an x32 call"); }

static int calls_32_bit(char **unused) {
    long answer;
    (void)unused;
    __asm__ volatile("int $0x80" : "=a"(answer) : "a"(20) : "memory"); /* getpid */
    return got(answer > 0, "a call of 32 bits");
}

static int executes_32_bit(char **unused) {
    (void)unused;
    unsigned char *code = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (code == MAP_FAILED) return 0;
    memcpy(code, "\xb8\x14\x00\x00\x00\xcd\x80\xcb", 8); /* mov $20, %eax; int $0x80; lret */
    struct { uint32_t offset; uint16_t segment; } __attribute__((packed)) far = {0x10000000, 0x23};
    unsigned answer = 0;
    __asm__ volatile("lcall *%1" : "=a"(answer) : "m"(far) : "memory", "rcx", "r11");
    return got(answer > 0 && answer < 100000, "a 32-bit segment");
}

static int new_filter(char **unused) {
    (void)unused;
    int before = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
    prctl(PR_SET_SECCOMP, 0, NULL);
    prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
    return got(before != 2 || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 2 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1, "no filter");
}

static int ambient(char **unused) {
    (void)unused;
    int through = got(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 21, 0, 0) == 0, "an ambient capability");
    for (int number = 0; number < 41; number++) through |= got(prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1, "a capability in bounds");
    return through;
}

#define ROW(name, function) {name, function}
static const struct program PROGRAMS[] = {
    ROW("ptrace attach", ptrace_attach), ROW("ptrace seize", ptrace_seize), ROW("ptrace me", ptrace_me), ROW("mount", mount_bind),
    ROW("mount proc", mount_proc), ROW("remount", remount), ROW("unmount", unmount), ROW("open_tree", open_tree_),
    ROW("move_mount", move_mount_), ROW("fsopen", new_filesystem), ROW("mount_setattr", mount_attributes),
    ROW("pivot_root", pivot_root_), ROW("chroot", chroot_), ROW("unshare user", unshare_user), ROW("unshare mount", unshare_mount),
    ROW("unshare network", unshare_network), ROW("unshare processes", unshare_processes), ROW("clone user", clone_user),
    ROW("clone3", clone3_), ROW("setns", enter_namespace), ROW("add_key", add_key_), ROW("keyctl", keyctl_),
    ROW("request_key", request_key_), ROW("bpf", bpf_), ROW("perf_event_open", perf), ROW("io_uring", io_uring),
    ROW("userfaultfd", userfaultfd_), ROW("open_by_handle_at", open_handle), ROW("name_to_handle_at", name_handle),
    ROW("fanotify", fanotify), ROW("modify_ldt", local_descriptors), ROW("personality", persona), ROW("kexec", kexec),
    ROW("init_module", load_module), ROW("delete_module", unload_module), ROW("swapon", swap), ROW("acct", accounting),
    ROW("quotactl", quota), ROW("reboot", reboot_), ROW("settimeofday", set_clock), ROW("adjtimex", adjust_clock),
    ROW("sethostname", host_name), ROW("syslog", kernel_log), ROW("iopl", ports), ROW("ioperm", few_ports), ROW("kcmp", compare),
    ROW("pidfd_getfd", take_descriptor), ROW("memfd_secret", secret_memory), ROW("seccomp", listen_filter),
    ROW("capset", capabilities), ROW("setxattr", attributes), ROW("setgroups", groups_), ROW("setuid", root_user),
    ROW("setgid", root_group), ROW("block device", block_device), ROW("memory device", memory_device),
    ROW("move_pages", move_pages_), ROW("migrate_pages", migrate_pages_), ROW("later calls", later_calls),
    ROW("real time", real_time), ROW("hard limits", hard_limits), ROW("oom_score_adj", spare_me),
    ROW("process_vm of pid 1", pid_1_memory), ROW("files of pid 1", pid_1_files), ROW("kernel settings", writes_settings),
    ROW("uid_map", maps_users), ROW("system folders", writes_system), ROW("devices", devices), ROW("terminal", terminal),
    ROW("set-user-id programs", set_user_id), ROW("own set-user-id program", makes_set_user_id), ROW("x32", x32),
    ROW("int 0x80", calls_32_bit), ROW("32-bit segment", executes_32_bit), ROW("filter taken off", new_filter),
    ROW("capabilities", ambient),
};

MAIN(PROGRAMS)
