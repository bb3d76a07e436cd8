/* What the processes of a box use, added up from /proc by pid 1; for hosts without writable control groups.
 *
 * Limits: a sample; what lies in socket buffers is estimated from the number of sockets, pipe buffers are left to the kernel's
 * bound for each user, and unmapped memory files are not seen (memory files are refused there).
 */
#ifndef CODEPAR_COUNTING_H
#define CODEPAR_COUNTING_H

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char *const writable[] = {"/box", "/tmp", "/dev/shm"};

static uint64_t field(const char *text_, const char *name) {
    const char *at = strstr(text_, name);
    return at ? strtoull(at + strlen(name), NULL, 10) * 1024 : 0;
}

static int read_file(const char *path, char *buffer, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t got = read(fd, buffer, size - 1);
    close(fd);
    if (got <= 0) return -1;
    buffer[got] = '\0';
    return 0;
}

enum { SOCKETS_FREE = 256, SOCKET_BYTES = 212992 }; /* a launcher's own; what one may hold unread (net.core.wmem_default) */

struct usage { uint64_t resident, private_, anonymous, shared, files, inodes, sockets, cpu_us; uint32_t tasks; };

/* Fields 14, 15 and 20 of /proc/PID/stat; the second, a name in brackets, may hold anything. */
static void add_times(const char *line, struct usage *u) {
    unsigned long long user = 0, system = 0;
    unsigned threads = 1;
    const char *rest = strrchr(line, ')');
    if (rest) sscanf(rest + 1, " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu %*s %*s %*s %*s %u", &user, &system, &threads);
    u->tasks += threads;
    u->cpu_us += (user + system) * 1000000u / (unsigned long long)sysconf(_SC_CLK_TCK);
}

static void add_process(const char *pid, struct usage *u, int precise) {
    char path[64], line[4096];
    unsigned long long size = 0, resident = 0, shared = 0, page = (unsigned long long)sysconf(_SC_PAGESIZE);
    snprintf(path, sizeof path, "/proc/%s/statm", pid);
    if (read_file(path, line, sizeof line)) return;
    sscanf(line, "%llu %llu %llu", &size, &resident, &shared);
    u->resident += resident * page;
    u->private_ += (resident - shared) * page;
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    if (!read_file(path, line, sizeof line)) add_times(line, u);
    if (!precise) return;
    snprintf(path, sizeof path, "/proc/%s/smaps_rollup", pid);
    if (read_file(path, line, sizeof line)) { u->anonymous += resident * page; return; } /* hidden by the command: all counts */
    u->anonymous += field(line, "Pss_Anon:");
    u->shared += field(line, "Pss_Shmem:");
}

/* The sum of one column (from 0) of a table of /proc. */
static uint64_t column(const char *path, int wanted) {
    FILE *list = fopen(path, "re");
    char line[512];
    uint64_t total = 0;
    while (list && fgets(line, sizeof line, list)) {
        char *at = line, *word;
        for (int i = 0; (word = strtok_r(at, " \n", &at)); i++)
            if (i == wanted) total += strtoull(word, NULL, 10); /* 0 for the heading */
    }
    if (list) fclose(list);
    return total;
}

enum { SEMAPHORE_BYTES = 64 }; /* of the kernel's memory, each */

/* System V segments (their size in memory), queued messages, and semaphores of the box. */
static uint64_t segments(void) {
    return column("/proc/sysvipc/shm", 14) + column("/proc/sysvipc/msg", 3) + SEMAPHORE_BYTES * column("/proc/sysvipc/sem", 3);
}

/* Sockets of this network namespace, taken as full; those that any program needs are free. */
static uint64_t sockets(void) {
    char text_[1024];
    unsigned long long used = 0;
    if (read_file("/proc/net/sockstat", text_, sizeof text_) || sscanf(text_, "sockets: used %llu", &used) != 1) return 0;
    return used > SOCKETS_FREE ? (used - SOCKETS_FREE) * SOCKET_BYTES : 0;
}

static struct usage measure(int precise) {
    struct usage u = {0};
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && (entry = readdir(proc));)
        if (entry->d_name[0] > '0' && entry->d_name[0] <= '9' && strcmp(entry->d_name, "1")) add_process(entry->d_name, &u, precise);
    if (proc) closedir(proc);
    for (size_t i = 0; i < sizeof writable / sizeof *writable; i++) {
        struct statvfs fs;
        if (statvfs(writable[i], &fs)) continue;
        u.files += (fs.f_blocks - fs.f_bfree) * fs.f_frsize;
        u.inodes += fs.f_files - fs.f_ffree;
    }
    u.files += segments();
    u.sockets = sockets();
    return u;
}

#endif
