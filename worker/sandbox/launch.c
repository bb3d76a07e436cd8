/* On the host: joins the control groups of a box and the namespaces of its image, drops root, and starts bubblewrap.
 *
 *   launch PARENT UID GID BWRAP_FD USERS_FD MOUNTS_FD COUNT CGROUP_FD... ARGV0 ARGS...
 *
 * PARENT is the worker, with which it dies; -1 keeps the user, or the namespace. Limits: Linux only; a failure is one line on stderr
 * and exit code 125.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOT_SET = -1, LAUNCH_FAILED = 125 };

static void die(const char *what) {
    dprintf(2, "codepar box: %s: %s\n", what, strerror(errno));
    _exit(LAUNCH_FAILED);
}

static void join(int cgroup_fd) {
    if (write(cgroup_fd, "0", 1) != 1) die("joining a control group");
    close(cgroup_fd);
}

/* Ahead of what runs in the box: whoever counts and kills must get the processor when the box is full of spinning tasks. */
enum { AHEAD = -10 };

static void become(uid_t uid, gid_t gid) {
    setpriority(PRIO_PROCESS, 0, AHEAD);
    if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid)) die("dropping root");
}

/* Root in the second needs nothing of the first; anybody else owns the first, and is allowed the second by it. */
static void enter(int users, int mounts) {
    if (users != NOT_SET && setns(users, CLONE_NEWUSER)) die("joining the user namespace of the image");
    if (mounts != NOT_SET && setns(mounts, CLONE_NEWNS)) die("joining the mounts of the image");
}

/* bubblewrap asks for the same, but only some time after it has started. */
static void die_with(pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL)) die("prctl");
    if (getppid() != parent) _exit(LAUNCH_FAILED);
}

int main(int argc, char **argv) {
    if (argc < 9) return LAUNCH_FAILED;
    int parent = atoi(argv[1]), bwrap = atoi(argv[4]);
    long uid = atol(argv[2]), gid = atol(argv[3]);
    char **rest = argv + 7;
    for (int groups = atoi(*rest++); groups-- > 0;) join(atoi(*rest++));
    enter(atoi(argv[5]), atoi(argv[6]));
    if (uid != NOT_SET) become((uid_t)uid, (gid_t)gid);
    die_with(parent);
    syscall(SYS_execveat, bwrap, "", rest, environ, AT_EMPTY_PATH);
    die("starting bubblewrap");
    return LAUNCH_FAILED;
}
