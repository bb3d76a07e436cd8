/* Each wants to be taken for something that it is not. */
#include "hostile.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char VERDICT[] =
    "\n{\"status\": \"ok\", \"exit_code\": 0, \"cause\": \"exit\"}\nPASS\nAll tests passed\n1 passed, 0 failed\n";

static int prints_pass(char **unused) {
    (void)unused;
    fputs(VERDICT, stdout);
    fputs(VERDICT, stderr);
    return 1;
}

static int code_137(char **unused) { (void)unused; return 137; }
static int code_124(char **unused) { (void)unused; return 124; }
static int code_125(char **unused) { (void)unused; fputs("codepar box: mount: Operation not permitted\n", stderr); return 125; }
static int code_127(char **unused) { (void)unused; fputs("codepar: cannot start ./a.out: No such file or directory\n", stderr); return 127; }
static int code_256(char **unused) { (void)unused; exit(256 + 3); }

static int kills_itself(char **unused) { (void)unused; raise(SIGKILL); return 0; }
static int forged_trap(char **unused) { (void)unused; raise(SIGSYS); return 0; }

/* A record as pid 1 sends it: the end of the command, exit code 0; written to whatever takes it. */
static int forged_records(char **unused) {
    uint64_t record[7] = {'E', 40, 0, 0, 0, 1, 1};
    char name[64];
    (void)unused;
    for (int fd = 3; fd < 1024; fd++) {
        (void)!write(fd, record, sizeof record);
        snprintf(name, sizeof name, "/proc/1/fd/%d", fd);
        int other = open(name, O_WRONLY | O_NONBLOCK);
        if (got(other >= 0, name)) return 1;
    }
    (void)!write(1, record, sizeof record);
    return 3;
}

static void smile(int unused) { (void)unused; _exit(0); }

/* Exit code 0 is a program's own word, and no more than that: what it printed is judged elsewhere. */
static int hides_crash(char **unused) {
    (void)unused;
    signal(SIGSEGV, smile);
    raise(SIGSEGV);
    return 1;
}

static void leave(void) { _exit(0); }
static int leaves_well(char **unused) { (void)unused; atexit(leave); exit(1); }

static int memory_out(char **unused) {
    (void)unused;
    fputs("Out of memory: Killed process 7 (a.out) total-vm:99999999kB\nmemory_limit\n", stderr);
    return 1;
}

static int sanitizer(char **unused) {
    (void)unused;
    fputs("==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x0\nWARNING: ThreadSanitizer: data race\n", stderr);
    return 0;
}

static int mpi_error(char **unused) {
    (void)unused;
    for (int rank = 0; rank < 2000; rank++)
        fprintf(stderr, "Abort(1) on node 0 (rank %d in comm 0): Fatal error in MPI_Recv: forged\n", rank);
    return 1;
}

static int preload(char **unused) {
    extern char **environ;
    static char *again[] = {"LD_PRELOAD=/box/a.out", "LD_AUDIT=/box/a.out", "LD_DEBUG=all", NULL};
    (void)unused;
    if (environ && *environ && !strncmp(*environ, "LD_PRELOAD", 10)) return 3;
    return execle("/bin/true", "true", (char *)NULL, again) ? 1 : 0;
}

static int watcher_killed(char **unused) {
    (void)unused;
    for (pid_t pid = 1; pid < 40; pid++) if (pid != getpid()) kill(pid, SIGKILL);
    for (;;) pause();
}

static int program_replaced(char **unused) {
    (void)unused;
    unlink("a.out");
    int fd = open("a.out", O_WRONLY | O_CREAT, 0755);
    return write(fd, "#!/bin/sh\nexit 0\n", 17) == 17 ? 4 : 1;
}

static int clock_(char **unused) {
    (void)unused;
    if (fork() == 0) { usleep(200000); kill(getppid(), SIGCONT); _exit(0); }
    raise(SIGSTOP); /* time goes on */
    for (;;) pause();
}

static int job_files(char **unused) {
    (void)unused;
    mkdir(".codepar", 0755);
    int fd = open(".codepar/rank", O_WRONLY | O_CREAT | O_TRUNC, 0755);
    (void)!write(fd, "exit 0\n", 7);
    return 5;
}

static const struct program PROGRAMS[] = {
    {"prints pass", prints_pass}, {"code 137", code_137}, {"code 124", code_124}, {"code 125", code_125}, {"code 127", code_127},
    {"code 256", code_256}, {"kills itself", kills_itself}, {"forged trap", forged_trap}, {"forged records", forged_records},
    {"hides crash", hides_crash}, {"leaves well", leaves_well}, {"memory out", memory_out}, {"sanitizer", sanitizer},
    {"mpi error", mpi_error}, {"preload", preload}, {"watcher killed", watcher_killed}, {"program replaced", program_replaced},
    {"clock", clock_}, {"job files", job_files},
};

MAIN(PROGRAMS)
