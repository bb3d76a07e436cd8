/* What ranks do to their launcher, to each other and to those who watch them. */
#include "hostile.h"

#include <mpi.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int rank, size;

static int aborts(char **unused) { (void)unused; return rank ? MPI_Recv(&size, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE) : MPI_Abort(MPI_COMM_WORLD, 3); }
static int aborts_with_0(char **unused) { (void)unused; return rank ? MPI_Barrier(MPI_COMM_WORLD) : MPI_Abort(MPI_COMM_WORLD, 0); }
static int leaves_early(char **unused) { (void)unused; if (!rank) _exit(0); return MPI_Barrier(MPI_COMM_WORLD); }
static int leaves_all(char **unused) { (void)unused; _exit(0); }

static int crashes(char **unused) { (void)unused; if (rank) raise(SIGSEGV); return MPI_Barrier(MPI_COMM_WORLD); }

static int waits_in_a_ring(char **unused) {
    int value;
    (void)unused;
    return MPI_Recv(&value, 1, MPI_INT, (rank + 1) % size, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

static int unequal_collectives(char **unused) {
    int value = 0, all[64];
    (void)unused;
    return rank ? MPI_Barrier(MPI_COMM_WORLD) : MPI_Gather(&value, 1, MPI_INT, all, 1, MPI_INT, 1, MPI_COMM_WORLD) || pause();
}

static int unmatched_sends(char **unused) {
    (void)unused;
    if (rank) for (;;) pause();
    for (;;) {
        MPI_Request request;
        char *block = malloc(1 << 20);
        memset(block, 1, 1 << 20);
        for (int i = 0; i < 256; i++) MPI_Isend(block + 4096 * i, 4096, MPI_CHAR, 1, i, MPI_COMM_WORLD, &request);
    }
}

static int spawns(char **argument) {
    static char *again[] = {"spawns", "token", NULL};
    MPI_Comm child;
    (void)argument;
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    for (int i = 0; i < 64; i++)
        if (MPI_Comm_spawn("./a.out", again, 8, MPI_INFO_NULL, 0, MPI_COMM_SELF, &child, MPI_ERRCODES_IGNORE)) return 4;
    return 0;
}

static int floods(char **unused) {
    static char block[1 << 16];
    (void)unused;
    memset(block, 'x', sizeof block);
    for (;;) (void)!write(1 + rank % 2, block, sizeof block);
}

static int floods_launcher(char **unused) {
    char name[64], text[4096];
    (void)unused;
    memset(text, 'x', sizeof text);
    for (;;) {
        for (int fd = 0; fd < 64; fd++) {
            snprintf(name, sizeof name, "/proc/%d/fd/%d", (int)getppid(), fd);
            int other = open(name, O_WRONLY | O_NONBLOCK);
            if (other < 0) continue;
            (void)!write(other, text, sizeof text);
            close(other);
        }
    }
}

static int kills_launcher(char **unused) {
    (void)unused;
    kill(getppid(), SIGKILL);
    for (;;) pause();
}

static int kills_all(char **unused) { (void)unused; if (rank == size - 1) kill(-1, SIGKILL); for (;;) pause(); }
static int stops(char **unused) { (void)unused; if (rank) raise(SIGSTOP); return MPI_Barrier(MPI_COMM_WORLD); }
static int stops_launcher(char **unused) { (void)unused; kill(getppid(), SIGSTOP); raise(SIGSTOP); return 0; }

static int daemon_(char **unused) {
    (void)unused;
    if (fork() == 0) { setsid(); for (int i = 1; i < 65; i++) signal(i, SIG_IGN); for (;;) pause(); }
    return 0;
}

static int forks(char **unused) { (void)unused; for (;;) fork(); }
static int pollers(char **unused) { int flag = 0; (void)unused; while (!flag) MPI_Iprobe(MPI_ANY_SOURCE, 9, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE); return 0; }

/* Messages as a process manager understands them, with the end that a rank would like. */
static int forges_launcher(char **unused) {
    static const char *const words[] = {"cmd=abort exitcode=0\n", "cmd=finalize\n", "cmd=finalize_ack\n", "cmd=get_result rc=0\n"};
    const char *fd = getenv("PMI_FD");
    (void)unused;
    for (size_t i = 0; fd && i < sizeof words / sizeof *words; i++) (void)!write(atoi(fd), words[i], strlen(words[i]));
    (void)!write(2, "APPLICATION TERMINATED WITH THE EXIT STRING: Hangup (signal 1)\n", 63);
    exit(6);
}

/* The memory in which ranks say where they are: nonsense in every slot. */
static int forges_states(char **unused) {
    const char *path = getenv("CODEPAR_SHIM");
    int fd = path ? open(path, O_RDWR) : -1;
    struct stat info = {0};
    (void)unused;
    if (fd < 0 || fstat(fd, &info)) return 7;
    unsigned char *states = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (got(ftruncate(fd, 0) == 0, "the states cut off")) return 1;
    for (int turn = 0; states != MAP_FAILED && turn < 200; turn++) {
        for (off_t i = 0; i < info.st_size; i++) states[i] = (unsigned char)(turn % 3 ? 255 - turn * 31 % 251 : rand());
        usleep(1000);
    }
    _exit(7);
}

static int steals_output(char **unused) {
    const char *shell = getenv("CODEPAR_SHELL");
    char name[64];
    (void)unused;
    for (int fd = 3; shell && fd < 64; fd++) {
        snprintf(name, sizeof name, "/proc/%s/fd/%d", shell, fd);
        int other = open(name, O_RDWR | O_NONBLOCK);
        if (other >= 0) (void)!write(other, "forged\n", 7);
    }
    return 8;
}

static int opens_port(char **unused) {
    char port[MPI_MAX_PORT_NAME] = "";
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    (void)unused;
    MPI_Open_port(MPI_INFO_NULL, port);
    return 0;
}

static const struct program PROGRAMS[] = {
    {"aborts", aborts}, {"aborts with 0", aborts_with_0}, {"leaves early", leaves_early}, {"all leave", leaves_all},
    {"crashes", crashes}, {"ring", waits_in_a_ring}, {"unequal collectives", unequal_collectives},
    {"unmatched sends", unmatched_sends}, {"spawns", spawns}, {"floods", floods}, {"floods the launcher", floods_launcher},
    {"kills launcher", kills_launcher}, {"kills all", kills_all}, {"stops", stops}, {"stops launcher", stops_launcher},
    {"daemon", daemon_}, {"forks", forks}, {"pollers", pollers}, {"forges launcher", forges_launcher},
    {"forges states", forges_states}, {"steals output", steals_output}, {"opens a port", opens_port},
};

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    int code = choose(PROGRAMS, sizeof PROGRAMS / sizeof *PROGRAMS, argc, argv);
    MPI_Finalize();
    return code;
}
