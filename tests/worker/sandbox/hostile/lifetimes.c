/* Each tries to outlive its end, or never to come to one. The second argument marks it in the process table. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define IS(name) (!strcmp(what, name))

static void ignore_everything(void) {
    for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
}

/* Keeps the output pipes open, so that whoever waits for their end waits for ever. */
static int daemon_(void) {
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

static int closes_output(void) {
    for (int fd = 0; fd < 1024; fd++) close(fd);
    for (;;) pause();
}

static int respawns(void) {
    for (;;) {
        if (fork() > 0) _exit(0);
        usleep(1000);
    }
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (IS("daemon")) return daemon_();
    if (IS("closed")) return closes_output();
    if (IS("respawn")) return respawns();
    if (IS("stopped")) kill(getpid(), SIGSTOP);
    if (IS("ignoring")) { ignore_everything(); for (;;) pause(); }
    if (IS("endless")) for (;;) {}
    if (IS("orphans")) { for (int i = 0; i < 50; i++) if (fork() == 0) { setsid(); pause(); } return 0; }
    return 99;
}
