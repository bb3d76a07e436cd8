/* On the host: joins the control groups of a box, lays out what only root can reach, drops root, and starts bubblewrap.
 *
 *   launch PARENT UID GID BWRAP_FD COUNT CGROUP_FD... COUNT STAGED_FD... ARGV0 ARGS...
 *
 * PARENT is the worker, with which it dies; UID and GID -1 keep the user. Limits: Linux only; a failure is one line on stderr
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
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STAGE "/tmp" /* in a mount namespace of its own: the host's /tmp is untouched */

enum { NOT_SET = -1, MAX_STAGED = 256, LAUNCH_FAILED = 125 };

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

/* bubblewrap walks to its sources by name, as the new user. What lies in root's own folders gets a name that user can walk:
 * a copy of its mount, taken here, is moved below STAGE in a mount namespace of its own. */
static int copy_mount(int fd) {
    int tree = (int)syscall(SYS_open_tree, fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
    if (tree < 0) die("copying a mount (Linux 5.2 or later is needed)");
    return tree;
}

static void open_stage(void) {
    if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL)) die("a mount namespace");
    if (mount("stage", STAGE, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m")) die("the stage");
}

static void place(int tree, int name) {
    struct stat info;
    char to[64];
    snprintf(to, sizeof to, STAGE "/%d", name);
    if (fstat(tree, &info)) die("staging");
    if (S_ISDIR(info.st_mode) ? mkdir(to, 0755) : mknod(to, S_IFREG | 0444, 0)) die("staging");
    if (syscall(SYS_move_mount, tree, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH)) die("staging");
}

static void stage(int count, char **names) {
    int trees[MAX_STAGED];
    if (count > MAX_STAGED) { errno = E2BIG; die("staging"); }
    for (int i = 0; i < count; i++) trees[i] = copy_mount(atoi(names[i]));
    open_stage();
    for (int i = 0; i < count; i++) place(trees[i], atoi(names[i]));
}

/* bubblewrap asks for the same, but only some time after it has started. */
static void die_with(pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL)) die("prctl");
    if (getppid() != parent) _exit(LAUNCH_FAILED);
}

int main(int argc, char **argv) {
    if (argc < 8) return LAUNCH_FAILED;
    int parent = atoi(argv[1]), bwrap = atoi(argv[4]);
    long uid = atol(argv[2]), gid = atol(argv[3]);
    char **rest = argv + 5;
    for (int groups = atoi(*rest++); groups-- > 0;) join(atoi(*rest++));
    int staged = atoi(*rest++);
    if (staged) stage(staged, rest);
    rest += staged;
    if (uid != NOT_SET) become((uid_t)uid, (gid_t)gid);
    die_with(parent);
    syscall(SYS_execveat, bwrap, "", rest, environ, AT_EMPTY_PATH);
    die("starting bubblewrap");
    return LAUNCH_FAILED;
}
