/* Each tries to outlive its end, or never to come to one. */
#include "hostile.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static void ignore_everything(void) {
    for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
}

/* Keeps the output pipes open, so that whoever waits for their end waits for ever. */
static int daemon_(char **unused) {
    (void)unused;
    puts("started");
    fflush(stdout);
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            ignore_everything();
            prctl(PR_SET_PDEATHSIG, 0);
            for (;;) pause();
        }
        _exit(0);
    }
    return 0;
}

static int orphans(char **unused) {
    (void)unused;
    for (int i = 0; i < 25; i++) if (fork() == 0) { setsid(); pause(); }
    return 0;
}

static int closed(char **unused) {
    (void)unused;
    for (int fd = 0; fd < 1024; fd++) close(fd);
    for (;;) pause();
}

static int respawn(char **unused) {
    (void)unused;
    for (;;) {
        if (fork() > 0) _exit(0);
        usleep(1000);
    }
}

static int nameless(char **unused) {
    extern char **environ;
    (void)unused;
    if (fork()) return 0;
    setsid();
    prctl(PR_SET_NAME, "", 0, 0, 0);
    for (char **entry = environ; *entry; entry++) memset(*entry, 0, strlen(*entry));
    for (;;) pause();
}

static int stopped(char **unused) { (void)unused; return kill(getpid(), SIGSTOP); }
static int ignoring(char **unused) { (void)unused; ignore_everything(); for (;;) pause(); }
static int endless(char **unused) { (void)unused; for (;;) {} }

static int stops_everyone(char **unused) {
    (void)unused;
    for (;;) { kill(1, SIGSTOP); kill(-1, SIGSTOP); raise(SIGSTOP); }
}

static int kills_everyone(char **unused) {
    (void)unused;
    kill(1, SIGKILL);
    kill(getppid(), SIGKILL);
    kill(0, SIGTERM);
    return kill(-1, SIGKILL);
}

static int waits_on_vfork(char **unused) {
    (void)unused;
    if (vfork() == 0) for (;;) pause();
    return 0;
}

static int execs_for_ever(char **unused) {
    (void)unused;
    return execl("/proc/self/exe", "a.out", "execs for ever", "again", (char *)NULL);
}

static void *survive(void *unused) { for (;;) pause(); return unused; }

static int headless(char **unused) {
    pthread_t thread;
    (void)unused;
    pthread_create(&thread, NULL, survive, NULL);
    pthread_exit(NULL);
}

static void again(void) { if (fork() == 0) { setsid(); for (;;) pause(); } }
static int at_exit(char **unused) { (void)unused; atexit(again); return 0; }

static int adopts(char **unused) {
    (void)unused;
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    for (int i = 0; i < 5; i++) if (fork() == 0) { if (fork()) _exit(0); for (;;) pause(); }
    while (waitpid(-1, NULL, 0) > 0) {}
    return 0;
}

static int reads_for_ever(char **unused) {
    int ends[2];
    char byte;
    (void)unused;
    if (read(0, &byte, 1) != 0) return 1; /* standard input is empty, not a terminal */
    return pipe(ends) || (int)read(ends[0], &byte, 1);
}

static int keeps_time(char **unused) {
    (void)unused;
    signal(SIGALRM, SIG_IGN);
    alarm(0);
    for (;;) sleep(1000000);
}

static int groups(char **unused) {
    (void)unused;
    for (int i = 0; i < 20; i++) if (fork() == 0) { if (i % 2) setsid(); else setpgid(0, 0); for (;;) pause(); }
    return 0;
}

static const struct program PROGRAMS[] = {
    {"daemon", daemon_}, {"orphans", orphans}, {"closed", closed}, {"respawn", respawn}, {"nameless", nameless},
    {"stopped", stopped}, {"ignoring", ignoring}, {"endless", endless}, {"stops everyone", stops_everyone},
    {"kills everyone", kills_everyone}, {"waits on vfork", waits_on_vfork}, {"execs for ever", execs_for_ever},
    {"headless", headless}, {"at exit", at_exit}, {"adopts", adopts}, {"reads for ever", reads_for_ever},
    {"keeps time", keeps_time}, {"groups", groups},
};

MAIN(PROGRAMS)
