/* Each looks for what is not its own. The baits: a secret file, the service's data folder, the home folder of its user, an open
 * descriptor's file, and the secret itself. */
#include "hostile.h"

#include <dirent.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/utsname.h>

/* The lines of a file that hold a word. */
static int holds(const char *path, const char *word) {
    char line[8192];
    FILE *file = fopen(path, "re");
    int found = 0;
    for (size_t size; file && (size = fread(line, 1, sizeof line - 1, file)) > 0;) found |= memmem(line, size, word, strlen(word)) != NULL;
    if (file) fclose(file);
    return got(found, path);
}

/* Names in a folder beyond those expected; a folder that cannot be read holds none. */
static int lists(const char *path, const char *expected) {
    DIR *folder = opendir(path);
    int found = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (entry->d_name[0] != '.' && !strstr(expected, entry->d_name)) { printf("%s/%s ", path, entry->d_name); found = 1; }
    if (folder) closedir(folder);
    return got(found, path);
}

static int secret_file(char **bait) { return opens(bait[0], O_RDONLY); }
static int data_folder(char **bait) { return opens(bait[1], O_RDONLY); }
static int home_folder(char **bait) { return opens(bait[2], O_RDONLY); }

static int through_links(char **bait) {
    static const char *const starts[] = {"/proc/self/root", "/proc/self/cwd/..", "/proc/thread-self/root", "/proc/1/root", "/proc/1/cwd", "/dev/fd/../../../.."};
    char path[4096];
    int through = 0;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        snprintf(path, sizeof path, "%s%s", starts[i], bait[0]);
        through |= opens(path, O_RDONLY);
    }
    (void)!symlink(bait[0], "/tmp/link");
    return through | opens("/tmp/link", O_RDONLY);
}

static int shadow(char **unused) { (void)unused; return opens("/etc/shadow", O_RDONLY) | opens("/etc/gshadow", O_RDONLY) | opens("/etc/ssh", O_RDONLY); }

static int accounts(char **unused) {
    char text[4096] = "";
    FILE *file = fopen("/etc/passwd", "re");
    (void)unused;
    if (file) { text[fread(text, 1, sizeof text - 1, file)] = 0; fclose(file); }
    return got(strstr(text, "daemon") || strstr(text, "/root"), "accounts of the host");
}

static int environment(char **bait) {
    extern char **environ;
    int through = 0;
    for (char **entry = environ; *entry; entry++) through |= got(strstr(*entry, "CODEPAR_") || strstr(*entry, bait[3] + 1), *entry);
    return through | holds("/proc/self/environ", "CODEPAR_") | holds("/proc/1/environ", "CODEPAR_");
}

static int descriptors(char **unused) {
    int through = 0;
    (void)unused;
    for (int fd = 3; fd < 1024; fd++) through |= got(fcntl(fd, F_GETFD) != -1, "an open descriptor");
    return through;
}

static int folders(char **unused) {
    (void)unused;
    return lists("/tmp", "") | lists("/dev/shm", "") | lists("/box", "a.out hostile.h leaks.c") | lists("/home", "") | lists("/root", "") |
           lists("/var", "") | lists("/run", "") | lists("/mnt", "") | lists("/media", "") | lists("/srv", "") | lists("/opt", "") |
           lists("/boot", "") | lists("/var/log", "") | lists("/sys/class/net", "") | lists("/sys/class", "net");
}

static int processes(char **unused) {
    DIR *folder = opendir("/proc");
    int count = 0;
    (void)unused;
    for (struct dirent *entry; folder && (entry = readdir(folder));) count += entry->d_name[0] > '0' && entry->d_name[0] <= '9';
    if (folder) closedir(folder);
    return got(count > 2, "processes of others");
}

static int kernel_secrets(char **unused) {
    static const char *const paths[] = {"/proc/kallsyms", "/proc/kcore", "/proc/keys", "/proc/cmdline", "/proc/config.gz", "/proc/modules",
        "/proc/iomem", "/proc/timer_list", "/proc/sched_debug", "/proc/slabinfo", "/proc/vmallocinfo", "/proc/kmsg", "/dev/kmsg",
        "/sys/kernel/debug", "/sys/kernel/tracing", "/sys/kernel/security", "/sys/firmware", "/sys/module", "/proc/kpagecount",
        "/proc/self/pagemap_of_others", "/proc/acpi", "/proc/scsi", "/proc/asound", "/proc/key-users"};
    char byte;
    int through = 0;
    (void)unused;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        int fd = open(paths[i], O_RDONLY);
        through |= got(fd >= 0 && read(fd, &byte, 1) == 1, paths[i]);
        if (fd >= 0) close(fd);
    }
    for (size_t i = 0; i < 2; i++) through |= lists((const char *[]){"/sys/kernel", "/sys/firmware"}[i], "");
    return through;
}

static int physical_pages(char **unused) {
    uint64_t entry = 0;
    int fd = open("/proc/self/pagemap", O_RDONLY);
    (void)unused;
    return got(fd >= 0 && pread(fd, &entry, 8, (off_t)((uintptr_t)&entry / 4096 * 8)) == 8 && (entry & ((1ull << 55) - 1)), "a physical address");
}

static int mounts(char **bait) { return holds("/proc/self/mountinfo", bait[1]) | holds("/proc/self/mounts", bait[2]); }

static int groups_(char **unused) {
    char text[4096] = "";
    FILE *file = fopen("/proc/self/cgroup", "re");
    (void)unused;
    if (file) { text[fread(text, 1, sizeof text - 1, file)] = 0; fclose(file); }
    return got(strstr(text, "codepar") != NULL || opens("/sys/fs/cgroup", O_RDONLY), "the control groups of the host");
}

static int names(char **unused) {
    struct utsname name;
    (void)unused;
    uname(&name);
    return got(strcmp(name.nodename, "box") != 0, name.nodename);
}

static int shared_segments(char **unused) {
    char line[512];
    FILE *list = fopen("/proc/sysvipc/shm", "re");
    int lines = 0;
    (void)unused;
    while (list && fgets(line, sizeof line, list)) lines++;
    if (list) fclose(list);
    return got(lines > 1, "System V segments of others");
}

static int stale_memory(char **bait) {
    size_t size = 32u << 20;
    char *block = malloc(size);
    return got(block && memmem(block, size, bait[3] + 1, strlen(bait[3] + 1)) != NULL, "memory of others");
}

static int standard_input(char **bait) {
    char text[4096] = "";
    return got(read(0, text, sizeof text - 1) > 0 && strstr(text, bait[3] + 1), "standard input of others") | got(isatty(0) || isatty(1) || isatty(2), "a terminal");
}

static const struct program PROGRAMS[] = {
    {"secret file", secret_file}, {"data folder", data_folder}, {"home folder", home_folder}, {"through links", through_links},
    {"shadow", shadow}, {"accounts", accounts}, {"environment", environment}, {"descriptors", descriptors}, {"folders", folders},
    {"processes", processes}, {"kernel secrets", kernel_secrets}, {"physical pages", physical_pages}, {"mounts", mounts},
    {"control groups", groups_}, {"names", names}, {"shared segments", shared_segments}, {"stale memory", stale_memory},
    {"standard input", standard_input},
};

MAIN(PROGRAMS)
