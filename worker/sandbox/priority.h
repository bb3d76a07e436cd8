/* What keeps room for the neighbours of a busy box: niceness of its tasks, and of its sessions' groups in the scheduler.
 *
 * For hosts without writable control groups. Limits: lowers only, for as long as the box lives; memory bandwidth stays shared.
 */
#ifndef CODEPAR_PRIORITY_H
#define CODEPAR_PRIORITY_H

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Where the kernel makes each session a group of its scheduler, the group weighs as one task however many it holds, and niceness
 * counts within it only. Lowering a group needs no privilege (nor does raising it to 0 again, so this looks at every poll); the
 * kernel takes one such write in 100 ms, the others follow later. */
static void lower_session(pid_t member, int level) {
    char path[64], text[64] = "";
    snprintf(path, sizeof path, "/proc/%d/autogroup", (int)member);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    ssize_t size = read(fd, text, sizeof text - 1);
    const char *nice = size > 0 ? strstr(text, "nice ") : NULL;
    if (nice && atoi(nice + strlen("nice ")) < level) {
        snprintf(text, sizeof text, "%d", level);
        (void)!write(fd, text, strlen(text));
    }
    close(fd);
}

/* One member speaks for its session: the leader, or any where the leader is gone. */
static int speaks_for_session(pid_t process) {
    pid_t session = getsid(process);
    return session == process || (session > 1 && getsid(session) < 0);
}

/* A box of many tasks gets the CPU share of a few: without control groups nothing else keeps room for its neighbours. Each level
 * of niceness takes a fifth off a task's weight. Tasks inherit it, and none can lower it again. This process, in a session that
 * no other can join, keeps its place: it must be able to see and to kill. */
static void make_nice(uint32_t tasks) {
    static int level;
    double weight = (double)sysconf(_SC_NPROCESSORS_ONLN) / tasks;
    int wanted = 0;
    for (; wanted < 19 && weight < 1; wanted++) weight *= 1.25;
    int higher = wanted > level;
    if (higher) level = wanted;
    DIR *proc = level ? opendir("/proc") : NULL;
    for (struct dirent *entry; proc && (entry = readdir(proc));) {
        pid_t process = entry->d_name[0] > '0' && entry->d_name[0] <= '9' ? atoi(entry->d_name) : -1;
        pid_t group = process > 1 ? getpgid(process) : -1;
        if (group <= 1 || group == getpgrp()) continue;
        if (higher) setpriority(PRIO_PGRP, (id_t)group, level);
        if (speaks_for_session(process)) lower_session(process, level);
    }
    if (proc) closedir(proc);
}

#endif
